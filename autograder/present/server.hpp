// Serves a presentation to this machine's own browser.
//
//   http://127.0.0.1:PORT/TOKEN/          the page
//                            /run         GET: the last run; POST ?screen=ID: start one
//                            /stop        POST
//                            /guesses     POST: what the class expects
//                            /save        the page as a file to keep
//
// Threads     listen blocks its caller and answers in threads of its own; stop: any thread,
//             once a request was answered.
// Invariants
//   I1  Only the loopback address is bound.
//   I2  Nothing is answered, but a refusal, to a request without the token in its address, with
//       a foreign Host (a name that was made to point here), or from a page of another origin.
#pragma once

#include <memory>
#include <string>

#include "present/presentation.hpp"

namespace course::present {

// What a request says of where it comes from.
struct Caller {
  std::string method;
  std::string path;
  std::string host;    // its Host; empty if it has none
  std::string origin;  // its Origin; empty if it has none
  std::string site;    // its Sec-Fetch-Site; empty if it has none
};

// Why it is refused, in a sentence; empty where it is not. `authority` is "127.0.0.1:PORT".
[[nodiscard]] std::string refusal(const Caller& caller, const std::string& authority,
                                  const std::string& token);

class Server {
 public:
  // Binds a free port. Throws std::runtime_error where there is none. `presentation` must
  // outlive this object.
  explicit Server(Presentation& presentation);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // With the token in it.
  [[nodiscard]] std::string address() const;
  [[nodiscard]] const std::string& authority() const { return authority_; }

  void listen();
  void stop();

 private:
  void answer();

  class Library;
  Presentation& presentation_;
  const std::unique_ptr<Library> library_;
  const std::string token_;
  std::string authority_;
};

}  // namespace course::present
