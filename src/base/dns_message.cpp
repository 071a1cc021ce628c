// dns_message.cpp - reading and building questions and answers.

#include "base/dns_message.h"

#include <sys/socket.h>

#include <algorithm>

#include "base/random.h"
#include "base/str.h"

namespace kist::dns {

namespace {

constexpr size_t kHead = 12;
constexpr size_t kMaxName = 255;  // bytes in a message
constexpr size_t kMaxLabel = 63;
constexpr size_t kMinUdp = 512;
constexpr size_t kRecord = 10;  // bytes of a record between its name and its data
constexpr size_t kMaxRecords = 16;
constexpr size_t kPiece = 4096;
constexpr size_t kOpt = 11;  // bytes of an OPT record without options
constexpr unsigned kTypeOpt = 41;
constexpr unsigned kClassInternet = 1;
constexpr unsigned kClassAny = 255;

// In the third and fourth byte of a head.
constexpr unsigned kResponse = 0x80;
constexpr unsigned kOperation = 0x78;
constexpr unsigned kAuthoritative = 0x04;
constexpr unsigned kTruncated = 0x02;
constexpr unsigned kRecursionDesired = 0x01;
constexpr unsigned kRecursionAvailable = 0x80;
constexpr unsigned kCheckingDisabled = 0x10;  // RFC 4035, 3.2.2

// Addresses change with every start of a container, and asking us again costs next to nothing: only
// a burst of questions is to be spared.
constexpr char kTimeToLive = 5;  // seconds

unsigned byte(std::string_view message, size_t at)
{
    return static_cast<unsigned char>(message[at]);
}

unsigned number(std::string_view message, size_t at)
{
    return byte(message, at) << 8 | byte(message, at + 1);
}

void append_number(String& bytes, unsigned value)
{
    bytes += static_cast<char>(value >> 8);
    bytes += static_cast<char>(value);
}

// The end of the name at `at`; npos: it has none.  Its labels are appended to `text`; without, a
// pointer ends a name, too.
size_t name_end(std::string_view message, size_t at, String* text)
{
    size_t last = std::min(message.size(), at + kMaxName);
    while (at < last) {
        unsigned length = byte(message, at++);
        if (!length)
            return at;
        if (length > kMaxLabel)
            return text || length < 0xc0 ? String::npos : at + 1;
        if (!text) {
            at += length;
            continue;
        }
        if (length >= last - at)
            break;
        if (!text->empty())
            *text += '.';
        // A dot in a label is not one between labels; nobody's name has a slash.
        for (; length; length--, at++)
            *text += message[at] == '.' ? '/' : message[at];
    }
    return String::npos;
}

// Looks for the OPT record among `count` records.
Code read_records(std::string_view message, size_t at, unsigned count, Question& question)
{
    for (; count; count--) {
        size_t start = at;
        at = name_end(message, at, nullptr);
        if (at == String::npos || at + kRecord > message.size())
            return Code::malformed;
        if (number(message, at) == kTypeOpt) {
            if (question.extended || at != start + 1)
                return Code::malformed;
            question.extended = true;
            question.limit = std::clamp<size_t>(number(message, at + 2), kMinUdp, kMaxUdp);
            if (byte(message, at + 5))
                question.code = Code::unknown_version;
        }
        at += kRecord + number(message, at + 8);
        if (at > message.size())
            return Code::malformed;
    }
    return question.code;
}

}  // namespace

bool is_question(std::string_view message)
{
    return message.size() >= kHead && !(byte(message, 2) & kResponse);
}

Question read_question(std::string_view message)
{
    Question question;
    if (byte(message, 2) & kOperation) {
        question.code = Code::unknown_operation;
        return question;
    }
    question.code = Code::malformed;
    if (number(message, 4) != 1 || byte(message, 2) & kTruncated)
        return question;
    size_t at = name_end(message, kHead, &question.name);
    if (at == String::npos || at + 4 > message.size())
        return question;
    question.code = Code::good;
    question.type = static_cast<Type>(number(message, at));
    unsigned group = number(message, at + 2);
    question.internet = group == kClassInternet || group == kClassAny;
    question.end = at + 4;
    unsigned records = number(message, 6) + number(message, 8) + number(message, 10);
    question.code = read_records(message, question.end, records, question);
    return question;
}

Answer::Answer(std::string_view message, const Question& question, Code code, size_t limit)
    : bytes_(message.substr(0, std::max(question.end, kHead))),
      limit_(limit - (question.extended ? kOpt : 0)),
      extended_(question.extended),
      high_code_(static_cast<uint8_t>(unsigned(code) >> 4))
{
    unsigned asked = byte(message, 2);
    bool ours = code == Code::good || code == Code::no_such_name;
    bytes_[2] = static_cast<char>(kResponse | (asked & (kOperation | kRecursionDesired)) |
                                  (ours ? kAuthoritative : 0));
    bytes_[3] = static_cast<char>(kRecursionAvailable | (byte(message, 3) & kCheckingDisabled) |
                                  (unsigned(code) & 15));
    for (size_t i = 4; i < kHead; i++)
        bytes_[i] = 0;
    bytes_[5] = question.end != 0;
}

void Answer::add(Type type, std::string_view data)
{
    if (bytes_.size() + kHead + data.size() > limit_)
        return truncate();
    append_number(bytes_, 0xc000 | kHead);  // the name in the question
    append_number(bytes_, unsigned(type));
    append_number(bytes_, kClassInternet);
    append_number(bytes_, 0);
    append_number(bytes_, kTimeToLive);
    append_number(bytes_, static_cast<unsigned>(data.size()));
    bytes_ += data;
    unsigned count = number(bytes_, 6) + 1;
    bytes_[6] = static_cast<char>(count >> 8);
    bytes_[7] = static_cast<char>(count);
}

void Answer::truncate()
{
    bytes_[2] = static_cast<char>((byte(bytes_, 2) | kTruncated) & ~kAuthoritative);
}

String Answer::take() &&
{
    if (extended_) {
        bytes_ += '\0';
        append_number(bytes_, kTypeOpt);
        append_number(bytes_, kMaxUdp);
        append_number(bytes_, unsigned(high_code_) << 8);
        append_number(bytes_, 0);
        append_number(bytes_, 0);
        bytes_[11] = 1;
    }
    return std::move(bytes_);
}

String wire_name(std::string_view name)
{
    String wire;
    while (!name.empty()) {
        size_t length = std::min(name.find('.'), name.size());
        if (!length || length > kMaxLabel)
            return {};
        wire += static_cast<char>(length);
        wire += name.substr(0, length);
        name.remove_prefix(std::min(length + 1, name.size()));
    }
    wire += '\0';
    if (wire.size() > kMaxName)
        wire.clear();
    return wire;
}

String make_question(std::string_view name, Type type)
{
    String message(kHead, '\0');
    random::fill(message.data(), 2);
    message[2] = kRecursionDesired;
    message[5] = 1;
    message += name;
    append_number(message, unsigned(type));
    append_number(message, kClassInternet);
    return message;
}

Code code_of(std::string_view reply)
{
    return static_cast<Code>(byte(reply, 3) & 15);
}

Verdict judge(std::string_view reply, std::string_view message, size_t end)
{
    if (reply.size() < kHead || number(reply, 0) != number(message, 0) ||
        !(byte(reply, 2) & kResponse) || byte(reply, 2) & kOperation)
        return Verdict::foreign;
    Code code = code_of(reply);
    bool repeats = number(reply, 4) == 1 && reply.size() >= end &&
                   str::same_name(reply.substr(kHead, end - 4 - kHead),
                                  message.substr(kHead, end - 4 - kHead)) &&
                   reply.substr(end - 4, 4) == message.substr(end - 4, 4);
    // Some who refuse send no more than a head.
    if (!repeats && (number(reply, 4) || code == Code::good || code == Code::no_such_name))
        return Verdict::foreign;
    bool may_know =
        repeats && code != Code::failed && code != Code::unknown_operation && code != Code::refused;
    return may_know ? Verdict::useful : Verdict::unhelpful;
}

bool is_truncated(std::string_view reply)
{
    return byte(reply, 2) & kTruncated;
}

Vector<std::string_view> records_of(std::string_view reply, size_t end, Type type)
{
    Vector<std::string_view> found;
    size_t at = end;
    for (unsigned count = number(reply, 6); count && found.size() < kMaxRecords; count--) {
        at = name_end(reply, at, nullptr);
        if (at == String::npos || at + kRecord > reply.size())
            break;
        size_t size = number(reply, at + 8);
        size_t data = at + kRecord;
        if (size > reply.size() - data)
            break;
        if (number(reply, at) == unsigned(type) && number(reply, at + 2) == kClassInternet)
            found.push_back(reply.substr(data, size));
        at = data + size;
    }
    return found;
}

bool Stream::receive()
{
    char buffer[kPiece];
    ssize_t got = ::recv(socket.get(), buffer, sizeof buffer, 0);
    if (got > 0)
        in.append(buffer, size_t(got));
    return got > 0 || (got < 0 && errno == EAGAIN);
}

bool Stream::send()
{
    ssize_t sent = ::send(socket.get(), out.data(), out.size(), MSG_NOSIGNAL);
    if (sent > 0)
        out.erase(0, size_t(sent));
    return sent >= 0 || errno == EAGAIN;
}

void Stream::put(std::string_view message)
{
    out += static_cast<char>(message.size() >> 8);
    out += static_cast<char>(message.size());
    out += message;
}

bool Stream::next(String& message)
{
    if (in.size() < 2)
        return false;
    size_t size =
        size_t(static_cast<unsigned char>(in[0])) << 8 | static_cast<unsigned char>(in[1]);
    if (in.size() < 2 + size)
        return false;
    message = in.substr(2, size);
    in.erase(0, 2 + size);
    return true;
}

}  // namespace kist::dns
