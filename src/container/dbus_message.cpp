// dbus_message.cpp - messages of D-Bus as bytes.

#include "container/dbus_message.h"

#include <cstring>

#include "base/string.h"

namespace kist::container::dbus {

namespace {

constexpr uint8_t kVersion = 1;  // of the protocol

// "Header Fields": the code of each field and the type of its value.
enum Field : uint8_t {
    kPath = 1,
    kInterface = 2,
    kMember = 3,
    kErrorName = 4,
    kReplySerial = 5,
    kDestination = 6,
    kSignature = 8,
};

Error malformed(const char* what)
{
    return Error(EPROTO, "a D-Bus message is malformed: %s", what);
}

void put_number(char* at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = char(value >> 8 * i);
}

uint32_t number_at(std::string_view bytes, size_t at, bool big_endian)
{
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++)
        value |= uint32_t(uint8_t(bytes[at + i])) << 8 * (big_endian ? 3 - i : i);
    return value;
}

size_t round_up(size_t size, size_t alignment)
{
    return (size + alignment - 1) / alignment * alignment;
}

// One header field: a struct of its code and a variant.
void put_field(Writer& header, Field code, char type, std::string_view value)
{
    if (value.empty())
        return;
    header.align(8);
    header.byte(code);
    header.signature({&type, 1});
    if (type == 'g')
        header.signature(value);
    else
        header.text(value);
}

// The value of a header field, whose type is that of one of the basic types.
Result<void> take_field(Reader& header, Message& message)
{
    uint8_t code = TRY(header.byte());
    std::string_view type = TRY(header.signature());
    std::string_view value;
    if (type == "u") {
        uint32_t number = TRY(header.number());
        if (code == kReplySerial)
            message.reply_serial = number;
        return {};
    }
    if (type == "g")
        value = TRY(header.signature());
    else if (type == "s" || type == "o")
        value = TRY(header.text());
    else
        return malformed("a header field of an unknown type");
    switch (code) {
        case kPath: message.path = value; break;
        case kInterface: message.interface = value; break;
        case kMember: message.member = value; break;
        case kErrorName: message.error_name = value; break;
        case kSignature: message.signature = value; break;
        default: break;  // "unknown header fields must be ignored"
    }
    return {};
}

}  // namespace

void Writer::number(uint32_t value)
{
    align(4);
    bytes_.resize(bytes_.size() + 4);
    put_number(&bytes_[bytes_.size() - 4], value);
}

void Writer::text(std::string_view value)
{
    number(uint32_t(value.size()));
    bytes_ += value;
    bytes_ += '\0';
}

void Writer::signature(std::string_view value)
{
    byte(uint8_t(value.size()));
    bytes_ += value;
    bytes_ += '\0';
}

Writer::Array Writer::begin_array(size_t alignment)
{
    number(0);
    Array array = {bytes_.size() - 4, 0};
    align(alignment);
    array.first = bytes_.size();
    return array;
}

void Writer::end_array(Array array)
{
    put_number(&bytes_[array.length], uint32_t(bytes_.size() - array.first));
}

String marshal(const Call& call, uint32_t serial)
{
    Writer header;
    for (uint8_t byte : {uint8_t('l'), uint8_t(Type::call), uint8_t(0), kVersion})
        header.byte(byte);
    header.number(uint32_t(call.body.size()));
    header.number(serial);
    Writer::Array fields = header.begin_array(8);
    put_field(header, kPath, 'o', call.path);
    put_field(header, kDestination, 's', call.destination);
    put_field(header, kInterface, 's', call.interface);
    put_field(header, kMember, 's', call.member);
    put_field(header, kSignature, 'g', call.signature);
    header.end_array(fields);
    header.align(8);
    return header.bytes() + call.body;
}

Result<size_t> Message::length(std::string_view head)
{
    if (head.size() < kHead || (head[0] != 'l' && head[0] != 'B') || head[3] != kVersion)
        return malformed("it has no head");
    bool big_endian = head[0] == 'B';
    uint64_t body = number_at(head, 4, big_endian), fields = number_at(head, 12, big_endian);
    if (body > kMaxMessage || fields > kMaxMessage || kHead + fields + 8 + body > kMaxMessage)
        return Error(EMSGSIZE, "a D-Bus message of more than %zu bytes", kMaxMessage);
    return round_up(kHead + fields, 8) + body;
}

Result<Message> Message::parse(std::string_view bytes)
{
    if (TRY(length(bytes)) != bytes.size())
        return malformed("its length");
    Message message;
    message.big_endian = bytes[0] == 'B';
    message.type = Type(bytes[1]);
    if (message.type == Type::invalid)
        return malformed("its type");
    size_t end = kHead + number_at(bytes, 12, message.big_endian);
    Reader header(bytes.substr(0, end), message.big_endian);
    TRY(header.skip(kHead));
    while (!header.at_end()) {
        TRY(header.align(8));
        TRY(take_field(header, message));
    }
    message.body = bytes.substr(round_up(end, 8));
    return message;
}

Result<void> Reader::skip(size_t size)
{
    if (size > bytes_.size() - at_)
        return malformed("it ends too early");
    at_ += size;
    return {};
}

Result<void> Reader::align(size_t size)
{
    return skip(round_up(at_, size) - at_);
}

Result<uint8_t> Reader::byte()
{
    TRY(skip(1));
    return uint8_t(bytes_[at_ - 1]);
}

Result<uint32_t> Reader::number()
{
    TRY(align(4));
    TRY(skip(4));
    return number_at(bytes_, at_ - 4, big_endian_);
}

// `size` characters and a NUL, with no other NUL in between.
Result<std::string_view> Reader::characters(size_t size)
{
    TRY(skip(size));
    std::string_view text = bytes_.substr(at_ - size, size);
    if (TRY(byte()) != 0 || text.find('\0') != text.npos)
        return malformed("a text without its end");
    return text;
}

Result<std::string_view> Reader::text()
{
    return characters(TRY(number()));
}

Result<std::string_view> Reader::signature()
{
    return characters(TRY(byte()));
}

}  // namespace kist::container::dbus
