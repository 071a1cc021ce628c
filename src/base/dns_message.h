// dns_message.h - questions and answers of the domain name system, as bytes (RFC 1035, 6891).
//
// Of what others answer the head and the question are looked at, and addresses, whosever they are.
// So no pointer of a compressed name (RFC 1035, 4.1.4) is ever followed.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/fd.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::dns {

inline constexpr size_t kMaxUdp = 4096;       // of a message that we read from a datagram
inline constexpr size_t kMaxTcp = 65535;      // RFC 1035, 4.2.2
inline constexpr size_t kMaxQuestion = 4096;  // of a message that asks

enum class Type : uint16_t { a = 1, ptr = 12, aaaa = 28, any = 255 };

enum class Code : uint8_t {
    good = 0,
    malformed = 1,
    failed = 2,
    no_such_name = 3,
    unknown_operation = 4,
    refused = 5,
    unknown_version = 16,  // RFC 6891, 6.1.3
};

// What a message asks.
struct Question {
    Code code = Code::good;  // else what to answer: the members below are not complete then
    String name;             // "web.mynet" with its case kept and no dot at its end
    Type type = Type::a;
    bool internet = false;  // asks for a class that our names are of
    bool extended = false;  // has an OPT record, and so is the answer to have
    size_t end = 0;         // of the question in its message; 0: it has none that we could repeat
    size_t limit = 512;     // bytes that an answer in a datagram may have
};

// Whether `message` is to be answered at all: answers are not, lest two servers keep at it forever.
bool is_question(std::string_view message);
// `message` is_question(), and may be anything else.
Question read_question(std::string_view message);

// Builds an answer of our own.
class Answer {
public:
    // `question` was read from `message`; the answer is to have at most `limit` bytes.
    Answer(std::string_view message, const Question& question, Code code, size_t limit);
    // A record of the name that was asked for: 4 bytes, 16 bytes or wire_name().  What there is no
    // room for is left out, and marked (TC) so that it is asked for again by TCP.
    void add(Type type, std::string_view data);
    // Says that there is more than a datagram can hold.
    void truncate();
    String take() &&;

private:
    String bytes_;
    size_t limit_;
    bool extended_;
    uint8_t high_code_;
};

// "web.mynet" as it is in messages; "" when it cannot be: RFC 1035, 2.3.4.
String wire_name(std::string_view name);

// A question of our own, with a new id; `name` is a wire_name().
String make_question(std::string_view name, Type type);

// What came back for `message`, whose question ends at `end` (RFC 5452, 9.1).
enum class Verdict : uint8_t {
    foreign,    // no answer to it
    unhelpful,  // this server cannot or will not say: another may
    useful
};
Verdict judge(std::string_view reply, std::string_view message, size_t end);
// The code in a reply of at least a head's size.
Code code_of(std::string_view reply);
// Whether a useful reply is not all there is to know: more can be had by TCP.
bool is_truncated(std::string_view reply);
// The data of the records of `type` in a useful reply to a question that ends at `end`: the first
// 16 of them, whatever names they belong to (the answer is about the end of a chain of CNAMEs).
Vector<std::string_view> records_of(std::string_view reply, size_t end, Type type);

// A connection with messages in both directions, each behind its length (RFC 1035, 4.2.2).
struct Stream {
    Fd socket;
    String in, out;

    // Takes what has come; false: the other side has ended it, or it broke.
    bool receive();
    // Sends what there is room for; false: it broke.
    bool send();
    void put(std::string_view message);
    // Takes a message that is here as a whole out of `in`.
    bool next(String& message);
};

}  // namespace kist::dns
