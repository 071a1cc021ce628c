// dbus_message.h - messages of D-Bus as bytes: writing a method call, reading what comes back.
//
// Of the D-Bus Specification (dbus.freedesktop.org/doc/dbus-specification.html): "Marshaling (Wire
// Format)" and "Message Protocol".  Messages are written in little-endian order and read in either.
// Whatever a peer sends is taken apart within its bounds; there is nothing in it that recurses.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/string.h"

namespace kist::container::dbus {

inline constexpr size_t kMaxMessage = 64 << 10;  // bytes; the specification allows 128 MiB
inline constexpr size_t kHead = 16;              // bytes that say how long a message is

// Appends values to a body, each aligned to its size ("Marshalling containers" among others).
class Writer {
public:
    void align(size_t size) { bytes_.resize((bytes_.size() + size - 1) / size * size); }
    void byte(uint8_t value) { bytes_ += char(value); }
    void number(uint32_t value);                 // u
    void boolean(bool value) { number(value); }  // b
    void text(std::string_view value);           // s, o
    void signature(std::string_view value);      // g
    // a: what follows until end_array() are the elements, aligned to `alignment`.
    struct Array {
        size_t length, first;  // where its length is, and where its elements begin
    };
    Array begin_array(size_t alignment);
    void end_array(Array array);

    const String& bytes() const { return bytes_; }

private:
    String bytes_;
};

struct Call {
    std::string_view destination;  // "": none, where there is no bus between us
    std::string_view path, interface, member;
    std::string_view signature;  // of the body
    String body;                 // what a Writer made
};
String marshal(const Call& call, uint32_t serial);

enum class Type : uint8_t { invalid, call, reply, error, signal };

struct Message {
    Type type = Type::invalid;  // one that we do not know is kept as it is, and to be ignored
    uint32_t reply_serial = 0;  // the call that it answers
    String path, interface, member, error_name, signature;
    String body;
    bool big_endian = false;

    // How many bytes the message has that begins with `head`, kHead bytes.  EPROTO, EMSGSIZE.
    static Result<size_t> length(std::string_view head);
    // One whole message.  EPROTO.
    static Result<Message> parse(std::string_view bytes);
};

// Takes values off the front of a body, of a message that says it has them (Message::signature).
class Reader {
public:
    Reader(std::string_view bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}
    explicit Reader(const Message& message) : Reader(message.body, message.big_endian) {}

    // EPROTO: there is no such value.
    Result<void> align(size_t size);
    Result<uint8_t> byte();
    Result<uint32_t> number();
    Result<std::string_view> text();       // s, o
    Result<std::string_view> signature();  // g
    Result<void> skip(size_t size);
    bool at_end() const { return at_ == bytes_.size(); }

private:
    Result<std::string_view> characters(size_t size);

    std::string_view bytes_;
    size_t at_ = 0;
    bool big_endian_;
};

}  // namespace kist::container::dbus
