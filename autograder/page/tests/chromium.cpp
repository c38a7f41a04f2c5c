#include "chromium.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "process/process.hpp"

namespace course::page {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr double patience_seconds = 30;

// Starts it with its ends of the pipes as descriptors 3 and 4.
::pid_t start(const fs::path& program, std::vector<std::string> words, int reads,
              int writes) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, reads, 3);
  ::posix_spawn_file_actions_adddup2(&actions, writes, 4);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::pid_t child = -1;
  const int error = ::posix_spawn(&child, program.c_str(), &actions, &attributes,
                                  arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) throw std::runtime_error("Chromium does not start");
  return child;
}

// A pipe whose descriptors are none that a child's dup2 would overwrite.
std::array<int, 2> pipe_above(int lowest) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe is left");
  for (int& end : ends) {
    const int moved = ::fcntl(end, F_DUPFD_CLOEXEC, lowest);
    ::close(end);
    end = moved;
  }
  return ends;
}

std::string bytes_of_base64(const std::string& text) {
  static const std::string digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned held = 0;
  int bits = 0;
  for (const char letter : text) {
    const auto digit = digits.find(letter);
    if (digit == std::string::npos) break;
    held = (held << 6) | static_cast<unsigned>(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>((held >> bits) & 0xFFU);
  }
  return bytes;
}

}  // namespace

fs::path Chromium::program() {
  for (const char* name : {"chromium", "chromium-browser", "google-chrome"}) {
    const fs::path found = process::find_program(name);
    if (!found.empty()) return found;
  }
  return {};
}

Chromium::Chromium() {
  std::string name = (fs::temp_directory_path() / "chromium-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = name;
  const auto to_browser = pipe_above(10);
  const auto from_browser = pipe_above(10);
  process_ = start(
      program(),
      {"chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
       "--remote-debugging-pipe", "--user-data-dir=" + folder_.string(), "about:blank"},
      to_browser[0], from_browser[1]);
  ::close(to_browser[0]);
  ::close(from_browser[1]);
  to_ = to_browser[1];
  from_ = from_browser[0];
  const json target = call("Target.createTarget", {{"url", "about:blank"}});
  session_ = call("Target.attachToTarget",
                  {{"targetId", target.at("targetId")}, {"flatten", true}})
                 .at("sessionId");
  call("Page.enable", json::object());
}

Chromium::~Chromium() {
  ::close(to_);
  ::close(from_);
  ::kill(-process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  std::error_code busy;  // then a temporary folder is left behind
  fs::remove_all(folder_, busy);
}

json Chromium::receive(double seconds) {
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (true) {
    if (const auto end = received_.find('\0'); end != std::string::npos) {
      json message = json::parse(received_.substr(0, end));
      received_.erase(0, end + 1);
      return message;
    }
    ::pollfd waits{from_, POLLIN, 0};
    if (std::chrono::steady_clock::now() > until) return nullptr;
    if (::poll(&waits, 1, 100) <= 0) continue;
    std::array<char, 65536> buffer;
    const auto size = ::read(from_, buffer.data(), buffer.size());
    if (size <= 0) throw std::runtime_error("Chromium ended");
    received_.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

json Chromium::call(const std::string& method, json parameters) {
  json message{{"id", ++last_id_}, {"method", method}, {"params", std::move(parameters)}};
  if (!session_.empty()) message["sessionId"] = session_;
  std::string text = message.dump();
  text += '\0';
  for (std::size_t sent = 0; sent < text.size();) {
    const auto size = ::write(to_, text.data() + sent, text.size() - sent);
    if (size <= 0) throw std::runtime_error("Chromium ended");
    sent += static_cast<std::size_t>(size);
  }
  while (true) {
    const json answer = receive(patience_seconds);
    if (answer.is_null()) throw std::runtime_error("Chromium does not answer: " + method);
    if (answer.value("id", 0) != last_id_) continue;  // an event
    if (answer.contains("error")) throw std::runtime_error(answer["error"].dump());
    return answer.at("result");
  }
}

void Chromium::open(const std::string& address, const Window& window) {
  call("Emulation.setDeviceMetricsOverride", {{"width", window.width},
                                              {"height", window.height},
                                              {"deviceScaleFactor", 1},
                                              {"mobile", false}});
  call("Emulation.setEmulatedMedia",
       {{"features", json::array({{{"name", "prefers-color-scheme"},
                                   {"value", window.dark ? "dark" : "light"}}})}});
  call("Page.navigate", {{"url", "about:blank"}});
  call("Page.navigate", {{"url", address}});
  const bool loaded = becomes_true(
      "location.href !== 'about:blank' && document.readyState === 'complete'");
  if (!loaded) throw std::runtime_error("the page does not load: " + address);
}

void Chromium::press(const std::string& key) {
  json down{{"type", key.size() == 1 ? "keyDown" : "rawKeyDown"}, {"key", key}};
  if (key.size() == 1) down["text"] = key;
  if (key == "Enter") down = {{"type", "keyDown"}, {"key", key}, {"text", "\r"}};
  call("Input.dispatchKeyEvent", down);
  call("Input.dispatchKeyEvent", {{"type", "keyUp"}, {"key", key}});
}

void Chromium::type(const std::string& text) {
  call("Input.insertText", {{"text", text}});
}

json Chromium::evaluate(const std::string& expression) {
  const json answer =
      call("Runtime.evaluate",
           {{"expression", expression}, {"returnByValue", true}, {"awaitPromise", true}});
  if (answer.contains("exceptionDetails"))
    throw std::runtime_error(answer["exceptionDetails"].dump());
  return answer.at("result").value("value", json());
}

bool Chromium::becomes_true(const std::string& expression, double seconds) {
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (evaluate(expression) != true) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

void Chromium::save_picture(const fs::path& file) {
  const json picture = call("Page.captureScreenshot", {{"format", "png"}});
  std::ofstream(file, std::ios::binary) << bytes_of_base64(picture.at("data"));
}

json unreadable_in(Chromium& browser) {
  return browser.evaluate(R"js((() => {
    const parse = colour => {
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = 1;
      const brush = canvas.getContext("2d");
      brush.fillStyle = colour;
      brush.fillRect(0, 0, 1, 1);
      return [...brush.getImageData(0, 0, 1, 1).data];
    };
    const over = (top, under) => {
      const share = top[3] / 255;
      return [0, 1, 2].map(i => top[i] * share + under[i] * (1 - share)).concat(255);
    };
    // Under a text's upper and lower half, whoever's it is: not only those the text stands in.
    const groundsOf = (element, box) => [0.25, 0.75].map(share => {
      const [x, y] = [box.left + box.width / 2, box.top + box.height * share];
      const stack = document.elementsFromPoint(x, y), at = stack.indexOf(element);
      const layers = at < 0 ? [] : stack.slice(at);
      if (at < 0) for (let one = element; one; one = one.parentElement) layers.push(one);
      return layers.map(one => parse(getComputedStyle(one).backgroundColor)).reverse()
        .reduce((under, top) => over(top, under), [255, 255, 255, 255]);
    });
    const luminance = colour => colour.slice(0, 3).map(part => part / 255)
      .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
      .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
    const contrast = (a, b) => {
      const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
      return (high + 0.05) / (low + 0.05);
    };
    const texts = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode, parent = node.parentElement;
      if (!node.data.trim() || ["SCRIPT", "STYLE", "OPTION"].includes(parent.tagName)) continue;
      if (!parent.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) {
        if (box.width < 1 || box.height < 1) continue;
        let clip = {left: 0, top: 0, right: innerWidth, bottom: innerHeight}, scrolls = false;
        for (let at = parent; at; at = at.parentElement) {
          const style = getComputedStyle(at);
          if (style.overflowX === "visible" && style.overflowY === "visible") continue;
          if (at === document.body || at === document.documentElement) continue;
          const outer = at.getBoundingClientRect();
          clip = {left: Math.max(clip.left, outer.left), top: Math.max(clip.top, outer.top),
                  right: Math.min(clip.right, outer.right),
                  bottom: Math.min(clip.bottom, outer.bottom)};
          scrolls ||= [style.overflowX, style.overflowY].some(how => /auto|scroll/.test(how));
        }
        const gone = box.bottom <= clip.top || box.top >= clip.bottom ||
                     box.right <= clip.left || box.left >= clip.right;
        texts.push({words: node.data.trim().slice(0, 60), box, clip, scrolls, gone, parent, node});
      }
    }
    // What stays in place while other things scroll below it covers them.
    const pinnedIn = element => {
      for (let at = element; at; at = at.parentElement)
        if (["sticky", "fixed"].includes(getComputedStyle(at).position)) return at;
      return null;
    };
    // Whether a word stands in two lines, though one is wide enough for all that it may not be
    // parted from.
    const isBroken = node => {
      let block = node.parentElement;
      while (getComputedStyle(block).display === "inline") block = block.parentElement;
      const pieces = (from, size) => {
        const range = document.createRange();
        range.setStart(node, from);
        range.setEnd(node, from + size);
        return [...range.getClientRects()];
      };
      const fits = run => pieces(run.index, run[0].length)
        .reduce((sum, piece) => sum + piece.width, 0) < block.clientWidth;
      return [...node.data.matchAll(/\S+/g)].filter(fits).some(run =>
        [...run[0].matchAll(/\d{4}-\d\d-\d\d|[\p{L}\d_]+/gu)].some(word => new Set(
          pieces(run.index + word.index, word[0].length).map(piece => piece.top)).size > 1));
    };
    // Whether what a line of code had no room for begins further out than the line itself.
    const isOutdented = node => {
      if (getComputedStyle(node.parentElement).whiteSpace !== "pre-wrap") return false;
      if (/\S.*\n/.test(node.data)) return false;  // several lines, each its own
      const range = document.createRange();
      range.setStart(node, node.data.search(/\S/));
      range.setEnd(node, node.data.length);
      const [first, ...others] = [...range.getClientRects()].filter(box => box.width > 0);
      return others.some(box => box.left < first.left - 1);
    };
    const sizeOf = element => parseFloat(getComputedStyle(element).fontSize) *
      (element.closest("svg")?.getScreenCTM()?.a ?? 1);
    const isSideways = element => element.tagName !== "PRE" && element.clientWidth > 0 &&
      element.scrollWidth > element.clientWidth + 1 &&
      getComputedStyle(element).overflowX !== "visible" &&
      element.checkVisibility({visibilityProperty: true, opacityProperty: true});
    const slack = 2, found = {texts: 0, cut: [], broken: [], overlaps: [], faint: [],
      outdented: [], small: [], sideways: []};
    const seen = texts.filter(text => !text.gone);
    found.texts = seen.length;
    for (const {words, box, clip, scrolls} of seen) {
      if (!scrolls && (box.left < clip.left - slack || box.right > clip.right + slack))
        found.cut.push(words);
    }
    for (const text of texts) if (text.gone && !text.scrolls &&
        (text.box.left >= innerWidth || text.box.right <= 0)) found.cut.push(text.words);
    for (let i = 0; i < seen.length; ++i) for (let j = i + 1; j < seen.length; ++j) {
      const a = seen[i].box, b = seen[j].box;
      if (pinnedIn(seen[i].parent) !== pinnedIn(seen[j].parent)) continue;
      const inset = Math.min(a.height, b.height) * 0.2;
      if (a.left + slack < b.right && b.left + slack < a.right &&
          a.top + inset < b.bottom - inset && b.top + inset < a.bottom - inset)
        found.overlaps.push(seen[i].words + " / " + seen[j].words);
    }
    const ratios = new Map();
    for (const {words, parent, box} of seen) {
      const style = getComputedStyle(parent);
      const ink = parent.namespaceURI.endsWith("svg") ? style.fill : style.color;
      for (const ground of groundsOf(parent, box)) {
        const key = ink + ground;
        if (!ratios.has(key)) ratios.set(key, contrast(over(parse(ink), ground), ground));
        if (ratios.get(key) < 4.5) found.faint.push(`${words} ${ratios.get(key).toFixed(2)}`);
      }
    }
    if (document.documentElement.scrollWidth > innerWidth + slack)
      found.cut.push("the page is wider than its window");
    for (const node of new Set(seen.map(text => text.node))) {
      const words = node.data.trim().slice(0, 60), size = sizeOf(node.parentElement);
      if (isBroken(node)) found.broken.push(words);
      if (isOutdented(node)) found.outdented.push(words);
      if (size < 13.95) found.small.push(`${words} ${size.toFixed(1)}`);
    }
    found.sideways = [...document.body.querySelectorAll("*")].filter(isSideways).map(element =>
      `${element.tagName} ${element.className} ${element.scrollWidth}`);
    for (const list of Object.keys(found).filter(name => name !== "texts"))
      found[list] = found[list].slice(0, 8);
    return found;
  })())js");
}

}  // namespace course::page
