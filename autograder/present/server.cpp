#include "present/server.hpp"

#include <fmt/format.h>
#include <httplib.h>

#include <random>
#include <stdexcept>

namespace course::present {
namespace {

using nlohmann::json;

constexpr std::size_t largest_request = 256 << 10;  // bytes

// 128 bits that nobody can guess.
std::string new_token() {
  std::random_device source;
  std::string token;
  for (int i = 0; i < 4; ++i) token += fmt::format("{:08x}", source());
  return token;
}

Caller caller_of(const httplib::Request& request) {
  return {request.method, request.path, request.get_header_value("Host"),
          request.get_header_value("Origin"), request.get_header_value("Sec-Fetch-Site")};
}

void reply(httplib::Response& response, int status, const std::string& text) {
  response.status = status;
  response.set_content(text + "\n", "text/plain; charset=utf-8");
}

// The page needs nothing from elsewhere, and no other page may frame it.
const httplib::Headers safe_headers{
    {"Content-Security-Policy",
     "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
     "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cache-Control", "no-store"}};

}  // namespace

class Server::Library : public httplib::Server {};

std::string refusal(const Caller& caller, const std::string& authority,
                    const std::string& token) {
  const std::string port = authority.substr(authority.find(':'));
  const bool own_host = caller.host == authority || caller.host == "localhost" + port;
  if (!own_host) return "refused: the request is for another host";
  const bool from_elsewhere =
      (!caller.origin.empty() && caller.origin != "http://" + caller.host) ||
      (!caller.site.empty() && caller.site != "same-origin" && caller.site != "none");
  if (from_elsewhere) return "refused: the request comes from another page";
  if (caller.method != "GET" && caller.origin.empty())
    return "refused: the request does not say which page it comes from";
  if (!caller.path.starts_with("/" + token + "/"))
    return "refused: the address lacks the token that `course present` printed";
  return {};
}

Server::Server(Presentation& presentation)
    : presentation_(presentation),
      library_(std::make_unique<Library>()),
      token_(new_token()) {
  // Without the library's own option, by which another program could share the port.
  library_->set_socket_options([](auto) {});
  library_->set_payload_max_length(largest_request);
  const int port = library_->bind_to_any_port("127.0.0.1");
  if (port <= 0) throw std::runtime_error("no port of 127.0.0.1 can be bound");
  authority_ = fmt::format("127.0.0.1:{}", port);
  answer();
}

Server::~Server() = default;

std::string Server::address() const {
  return fmt::format("http://{}/{}/", authority_, token_);
}

void Server::answer() {
  library_->set_default_headers(safe_headers);
  library_->set_pre_routing_handler([this](const auto& request, auto& response) {
    const std::string why = refusal(caller_of(request), authority_, token_);
    if (why.empty()) return httplib::Server::HandlerResponse::Unhandled;
    reply(response, 403, why);
    return httplib::Server::HandlerResponse::Handled;
  });
  const std::string at = "/" + token_ + "/";
  library_->Get(at, [this](const auto&, auto& response) {
    response.set_content(presentation_.page(false), "text/html; charset=utf-8");
  });
  library_->Get(at + "run", [this](const auto&, auto& response) {
    response.set_content(presentation_.last_run().dump(), "application/json");
  });
  library_->Get(at + "save", [this](const auto&, auto& response) {
    response.set_header("Content-Disposition", "attachment; filename=\"lesson.html\"");
    response.set_content(presentation_.page(true), "text/html; charset=utf-8");
  });
  library_->Post(at + "run", [this](const auto& request, auto& response) {
    switch (presentation_.start(request.get_param_value("screen"))) {
      case Presentation::Started::yes:
        return reply(response, 202, "started");
      case Presentation::Started::busy:
        return reply(response, 409, "one run at a time: stop the other first");
      case Presentation::Started::unknown_screen:
        return reply(response, 404, "there is no such screen");
    }
  });
  library_->Post(at + "stop", [this](const auto&, auto& response) {
    presentation_.stop();
    reply(response, 200, "stopping");
  });
  library_->Post(at + "guesses", [this](const auto& request, auto& response) {
    const json entry = json::parse(request.body, nullptr, false);
    const bool kept = presentation_.keep_guesses(entry);
    reply(response, kept ? 200 : 400, kept ? "kept" : "this is no list of guesses");
  });
}

void Server::listen() { library_->listen_after_bind(); }
void Server::stop() { library_->stop(); }

}  // namespace course::present
