// A store in another process: a Redis server, asked over the network by hiredis.
//
//   session 1 -- socket --+
//   session 2 -- socket --+--> redis-server: key -> hash { value, version }
//
// Threads     As Store and Session say: one socket for each session.
// Progress    A call waits for the server's answer. The server does one command after the
//             other, each to its end: that is what makes the script below atomic.
//
// Left out    Connecting again after a lost connection; a time limit; a password.
#pragma once

#include <hiredis/hiredis.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "store.hpp"

class RedisStore final : public Store {
 public:
  // A server on this machine.
  explicit RedisStore(std::uint16_t port) : port_(port) {}

  [[nodiscard]] std::unique_ptr<Session> connect() override {
    return std::make_unique<OwnSession>(port_);
  }

 private:
  struct Closes {
    void operator()(redisContext* context) const { redisFree(context); }
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
  };
  using Reply = std::unique_ptr<redisReply, Closes>;

  //> region script
  static constexpr const char* kCompareAndSet = R"(
    local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
    if version ~= tonumber(ARGV[1]) then return 0 end
    redis.call('HSET', KEYS[1], 'value', ARGV[2], 'version', version + 1)
    return 1)";
  //<

  class OwnSession final : public Session {
   public:
    explicit OwnSession(std::uint16_t port)
        : server_("redis server on port " + std::to_string(port)),
          context_(redisConnect("127.0.0.1", port)) {
      if (context_ == nullptr) throw StoreError(server_ + ": out of memory");
      if (context_->err != 0) fail(context_->errstr);
      const Reply loaded = ask("SCRIPT LOAD %s", kCompareAndSet);
      script_.assign(loaded->str, loaded->len);
    }

    [[nodiscard]] Versioned read(const std::string& key) override {
      const Reply reply = ask("HMGET %b value version", key.data(), key.size());
      const redisReply* value = reply->element[0];
      if (value->type == REDIS_REPLY_NIL) return {};
      return {std::string(value->str, value->len), std::stoull(reply->element[1]->str)};
    }

    [[nodiscard]] bool compare_and_set(const std::string& key, std::uint64_t seen,
                                       const std::string& value) override {
      const std::string version = std::to_string(seen);
      const Reply reply = ask("EVALSHA %s 1 %b %s %b", script_.c_str(), key.data(),
                              key.size(), version.c_str(), value.data(), value.size());
      return reply->integer == 1;
    }

   private:
    template <typename... Values>
    Reply ask(const char* command, Values... values) {
      Reply reply(
          static_cast<redisReply*>(redisCommand(context_.get(), command, values...)));
      if (reply == nullptr) fail(context_->errstr);
      if (reply->type == REDIS_REPLY_ERROR) fail(reply->str);
      return reply;
    }

    [[noreturn]] void fail(const std::string& why) const {
      throw StoreError(server_ + ": " + why + "; is it running, and is it ours?");
    }

    // Written by the session's thread.
    std::string server_;
    std::unique_ptr<redisContext, Closes> context_;
    std::string script_;  // the server's name for kCompareAndSet
  };

  const std::uint16_t port_;
};
