// Property: the server answers its own page in this machine's browser, and nothing else.
#include <gtest/gtest.h>
#include <httplib.h>

#include "present/server.hpp"
#include "sample_lesson.hpp"

namespace course::present {
namespace {

const std::string authority = "127.0.0.1:4711";
const std::string own = "http://127.0.0.1:4711";

std::string refused(const Caller& caller) { return refusal(caller, authority, "abc"); }

TEST(Refusal, LetsTheOwnPageIn) {
  EXPECT_EQ(refused({"GET", "/abc/", authority, "", "none"}), "");
  EXPECT_EQ(refused({"GET", "/abc/run", authority, "", "same-origin"}), "");
  EXPECT_EQ(refused({"POST", "/abc/run", authority, own, "same-origin"}), "");
  EXPECT_EQ(refused({"POST", "/abc/run", "localhost:4711", "http://localhost:4711", ""}),
            "");
}

TEST(Refusal, NamesWhatIsWrong) {
  const auto says = [](const Caller& caller, const char* words) {
    EXPECT_NE(refused(caller).find(words), std::string::npos) << refused(caller);
  };
  says({"GET", "/abc/", "evil.example:4711", "", ""}, "another host");
  says({"GET", "/abc/", "127.0.0.1:4712", "", ""}, "another host");
  says({"GET", "/abc/", "", "", ""}, "another host");
  says({"POST", "/abc/run", authority, "http://evil.example", ""}, "another page");
  says({"POST", "/abc/run", authority, "null", ""}, "another page");
  says({"GET", "/abc/run", authority, "", "cross-site"}, "another page");
  says({"POST", "/abc/run", authority, "", ""}, "which page");
  says({"GET", "/", authority, "", ""}, "token");
  says({"GET", "/abcd/", authority, "", ""}, "token");
  says({"GET", "/ab/", authority, "", ""}, "token");
}

class Served : public testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& rest) {
    const std::string address = lesson_.server().address();
    return address.substr(address.find('/', 8)) + rest;
  }

  [[nodiscard]] httplib::Headers from(const std::string& origin) {
    return {{"Origin", origin}};
  }

  [[nodiscard]] std::string own_origin() {
    return "http://" + lesson_.server().authority();
  }

  // Whether the run that was asked for was refused and not begun.
  void expect_refused(const httplib::Result& answer) {
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 403);
    EXPECT_EQ(lesson_.presentation().last_run().at("state"), "none");
  }

  SampleLesson lesson_;
  httplib::Client client_{"http://" + lesson_.server().authority()};
};

TEST_F(Served, AnswersItsOwnPage) {
  const auto page = client_.Get(path(""));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 200);
  EXPECT_NE(page->body.find("Lesson 1: parallel workers"), std::string::npos);
  EXPECT_NE(page->get_header_value("Content-Security-Policy").find("default-src 'none'"),
            std::string::npos);
}

TEST_F(Served, RefusesWithoutTheToken) {
  const auto page = client_.Get("/");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 403);
  EXPECT_EQ(page->body.find("Lesson"), std::string::npos);
  expect_refused(client_.Post("/run?screen=P1", from(own_origin()), "", "text/plain"));
}

TEST_F(Served, RefusesAPageOfAnotherOrigin) {
  for (const char* origin : {"http://evil.example", "null", "http://127.0.0.1:1"})
    expect_refused(client_.Post(path("run?screen=P1"), from(origin), "", "text/plain"));
  const auto read = client_.Get(path("run"), {{"Sec-Fetch-Site", "cross-site"}});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->status, 403);
}

TEST_F(Served, RefusesAForeignHost) {
  const auto page = client_.Get(path(""), {{"Host", "evil.example"}});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 403);
  expect_refused(client_.Post(path("run?screen=P1"),
                              {{"Host", "evil.example"}, {"Origin", own_origin()}}, "",
                              "text/plain"));
}

TEST_F(Served, IsBoundToTheLoopbackAddressAlone) {
  EXPECT_TRUE(lesson_.server().authority().starts_with("127.0.0.1:"));
  // 127.0.0.2 is this machine too: what listens on every address would answer there.
  httplib::Client other("http://127.0.0.2" + lesson_.server().authority().substr(
                                                 lesson_.server().authority().find(':')));
  EXPECT_FALSE(other.Get(path("")));
}

TEST_F(Served, RefusesASecondRun) {
  const auto post = [&](const char* screen) {
    return client_.Post(path(std::string("run?screen=") + screen), from(own_origin()), "",
                        "text/plain");
  };
  EXPECT_EQ(post("P2")->status, 202);
  EXPECT_EQ(post("P1")->status, 409);
  EXPECT_EQ(lesson_.presentation().last_run().at("screen"), "P2");
  EXPECT_EQ(post("nobody")->status, 404);
}

}  // namespace
}  // namespace course::present
