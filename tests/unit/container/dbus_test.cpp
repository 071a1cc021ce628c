// dbus_test.cpp - messages of D-Bus as libdbus and sd-bus write them, and peers that misbehave.

#include "container/dbus.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "base/string.h"
#include "check.h"

namespace kist::container::dbus {

namespace {

// What libdbus 1.14 sends to a bus as its first message.
const String kHello =
    "l\1\0\1\0\0\0\0\1\0\0\0n\0\0\0\1\1o\0\x15\0\0\0/org/freedesktop/DBus\0\0\0\6\1s\0\x14\0\0\0"
    "org.freedesktop.DBus\0\0\0\0\2\1s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0\3\1s\0\5\0\0\0"
    "Hello\0\0\0"_s;

const Call kHelloCall = {
    .destination = "org.freedesktop.DBus",
    .path = "/org/freedesktop/DBus",
    .interface = "org.freedesktop.DBus",
    .member = "Hello",
    .signature = "",
    .body = "",
};

// The body that busctl 252 sends with StartTransientUnit.
const String kScope =
    "\x17\0\0\0kist-0123456789ab.scope\0\4\0\0\0fail\0\0\0\0\x98\0\0\0\0\0\0\0"
    "\x0b\0\0\0Description\0\1s\0\0\x1b\0\0\0kist container 0123456789ab\0\0\0\0\0"
    "\x08\0\0\0Delegate\0\1b\0\1\0\0\0\0\0\0\0\x0b\0\0\0CollectMode\0\1s\0\0\x12\0\0\0"
    "inactive-or-failed\0\0\0\0\0\0\4\0\0\0PIDs\0\2au\0\0\0\0\4\0\0\0\x92\x10\0\0"
    "\0\0\0\0\0\0\0\0"_s;

// An answer to the call `serial` as a bus would write it.
String reply(char serial, const String& body = "")
{
    String signature = body.empty() ? ""_s : "\x08\1g\0\1s\0\0"_s;
    return "l\2\1\1"_s + char(body.size()) + "\0\0\0\x63\0\0\0"_s + char(body.empty() ? 8 : 15) +
           "\0\0\0\5\1u\0"_s + serial + "\0\0\0"_s + signature + body;
}

String signal(const String& member)
{
    return "l\4\1\1\0\0\0\0\x07\0\0\0"_s + char(8 + member.size() + 1) + "\0\0\0\3\1s\0"_s +
           char(member.size()) + "\0\0\0"_s + member + String(8 - (8 + member.size()) % 8, '\0');
}

const String kWelcome = "OK 0123456789abcdef0123456789abcdef\r\n" + reply(1, "\4\0\0\0:1.7\0"_s);

// A peer that has said all it will say beforehand, and what it heard.
class Scripted {
public:
    explicit Scripted(const String& script)
    {
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        ours_ = Fd(ends[0]);
        theirs_ = Fd(ends[1]);
        EXPECT_EQ(::write(theirs_.get(), script.data(), script.size()), ssize_t(script.size()));
    }
    Result<Connection> connect(Peer peer = Peer::bus)
    {
        return Connection::over(std::move(ours_), "the bus", peer, 60);
    }
    void hang_up() { ::shutdown(theirs_.get(), SHUT_WR); }
    String heard()
    {
        char buffer[4096];
        ssize_t got = ::read(theirs_.get(), buffer, sizeof buffer);
        return {buffer, size_t(got > 0 ? got : 0)};
    }

private:
    Fd ours_, theirs_;
};

}  // namespace

TEST(DbusMessage, ACallIsWrittenAsLibdbusWritesIt)
{
    EXPECT_EQ(marshal(kHelloCall, 1), kHello);
}

TEST(DbusMessage, PropertiesOfAUnitAreWrittenAsBusctlWritesThem)
{
    Writer body;
    body.text("kist-0123456789ab.scope");
    body.text("fail");
    Writer::Array properties = body.begin_array(8);
    const auto property = [&](std::string_view name, std::string_view type) {
        body.align(8);
        body.text(name);
        body.signature(type);
    };
    property("Description", "s");
    body.text("kist container 0123456789ab");
    property("Delegate", "b");
    body.boolean(true);
    property("CollectMode", "s");
    body.text("inactive-or-failed");
    property("PIDs", "au");
    Writer::Array processes = body.begin_array(4);
    body.number(4242);
    body.end_array(processes);
    body.end_array(properties);
    body.end_array(body.begin_array(8));
    EXPECT_EQ(body.bytes(), kScope);
}

TEST(DbusMessage, ACallReadsAsItWasWritten)
{
    Message message = MUST(Message::parse(kHello));
    EXPECT_EQ(message.type, Type::call);
    EXPECT_EQ(message.path, "/org/freedesktop/DBus");
    EXPECT_EQ(message.interface, "org.freedesktop.DBus");
    EXPECT_EQ(message.member, "Hello");
    EXPECT_EQ(message.signature, "");
    EXPECT_EQ(message.body, "");
}

TEST(DbusMessage, EitherByteOrderIsRead)
{
    Message message =
        MUST(Message::parse("B\2\1\1\0\0\0\x08\0\0\0\1\0\0\0\x10\5\1u\0\0\0\1\2\x08\1g\0\2su\0"
                            "\0\0\0\3yes\0"_s));
    EXPECT_EQ(message.reply_serial, 0x102u);
    EXPECT_EQ(message.signature, "su");
    Reader body(message);
    EXPECT_EQ(MUST(body.text()), "yes");
    EXPECT_TRUE(body.at_end());
    EXPECT_ERROR(body.number(), EPROTO, "ends too early");
}

TEST(DbusMessage, WhatIsMalformedIsRefused)
{
    const struct {
        String bytes;
        const char* words;
    } cases[] = {
        {"", "no head"},
        {"x\2\1\1\0\0\0\0\1\0\0\0\0\0\0\0"_s, "no head"},
        {"l\2\1\2\0\0\0\0\1\0\0\0\0\0\0\0"_s, "no head"},
        {"l\0\1\1\0\0\0\0\1\0\0\0\0\0\0\0"_s, "its type"},
        {"l\2\1\1\1\0\0\0\1\0\0\0\0\0\0\0"_s, "its length"},
        // a field that ends too early, one of an unknown type, a text without its end
        {"l\2\1\1\0\0\0\0\1\0\0\0\5\0\0\0\5\1u\0\0\0\0\0"_s, "ends too early"},
        {"l\2\1\1\0\0\0\0\1\0\0\0\x08\0\0\0\5\1v\0\0\0\0\0"_s, "unknown type"},
        {"l\2\1\1\0\0\0\0\1\0\0\0\x08\0\0\0\3\1s\0\377\377\377\377"_s, "ends too early"},
        {"l\2\1\1\0\0\0\0\1\0\0\0\x0a\0\0\0\3\1s\0\1\0\0\0xx\0\0\0\0\0\0"_s, "without its end"},
        {"l\2\1\1\0\0\0\0\1\0\0\0\x0b\0\0\0\3\1s\0\2\0\0\0\0x\0\0\0\0\0\0"_s, "without its end"},
    };
    for (const auto& row : cases)
        EXPECT_ERROR(Message::parse(row.bytes), EPROTO, row.words);
    for (const char* size : {"\1\0\1\0", "\377\377\377\377", "\370\377\377\377"})
        EXPECT_ERROR(Message::length("l\2\1\1"_s + String(size, 4) + "\1\0\0\0\0\0\0\0"_s),
                     EMSGSIZE, "more than");
}

TEST(DbusConnection, ItSaysWhoWeAreAndHello)
{
    Scripted bus(kWelcome);
    EXPECT_OK(bus.connect());
    String identity;
    for (char digit : str::format("%u", ::geteuid()))
        identity += str::format("3%c", digit);
    EXPECT_EQ(bus.heard(), "\0AUTH EXTERNAL "_s + identity + "\r\nBEGIN\r\n" + kHello);
}

TEST(DbusConnection, AServiceWithoutABusGetsNoHello)
{
    Scripted service("OK 0123\r\n");
    EXPECT_OK(service.connect(Peer::service));
    EXPECT_TRUE(service.heard().ends_with("BEGIN\r\n"));
}

TEST(DbusConnection, WhatElseArrivesIsToldBeforeTheAnswer)
{
    Scripted bus(kWelcome + signal("NameAcquired") + reply(7) + signal("JobRemoved") + reply(2));
    Connection connection = MUST(bus.connect());
    String told;
    MUST(connection.call(kHelloCall, [&](const Message& message) {
        told += message.type == Type::signal ? message.member + " " : "? ";
    }));
    EXPECT_EQ(told, "NameAcquired ? JobRemoved ");
}

TEST(DbusConnection, AnErrorHasItsTextAndName)
{
    String error =
        "l\3\1\1\x0d\0\0\0\x07\0\0\0\x1f\0\0\0\4\1s\0\7\0\0\0a.b.Bad\0\5\1u\0\2\0\0\0"
        "\x08\1g\0\1s\0\0\x08\0\0\0go\n away\0"_s;
    Scripted bus(kWelcome + error);
    Connection connection = MUST(bus.connect());
    EXPECT_ERROR(connection.call(kHelloCall), EREMOTEIO, "go away (a.b.Bad)");
    EXPECT_EQ(connection.error_name(), "a.b.Bad");
}

TEST(DbusConnection, APeerThatMisbehavesIsAnErrorOfItsOwn)
{
    const struct {
        String script;
        int code;
        const char* words;
    } cases[] = {
        {"", ETIMEDOUT, "did not answer"},
        {"REJECTED EXTERNAL\r\n", EACCES, "does not let user"},
        {"220 mail ESMTP\r\n", EPROTO, "does not speak D-Bus: 220 mail ESMTP"},
        {String(3000, 'x'), EPROTO, "does not speak D-Bus"},
        {"OK 01\r\n", ETIMEDOUT, "did not answer"},
        {"OK 01\r\n" + kWelcome, EPROTO, "malformed"},
        {"OK 01\r\nl\2\1\1\0\0\0\6\1\0\0\0\0\0\0\0"_s, EMSGSIZE, "the bus: a D-Bus message"},
        {"OK 01\r\n" + reply(1).substr(0, 20), ETIMEDOUT, "did not answer"},
    };
    for (const auto& row : cases) {
        Scripted bus(row.script);
        EXPECT_ERROR(bus.connect(), row.code, row.words);
    }
    Scripted gone("OK 01\r\n" + reply(1).substr(0, 20));
    gone.hang_up();
    EXPECT_ERROR(gone.connect(), ECONNRESET, "hung up");
}

TEST(DbusConnection, APeerThatBabblesIsGivenUp)
{
    String much = kWelcome;
    for (int i = 0; i < 1100; i++)
        much += reply(9);
    Scripted bus(much);
    Connection connection = MUST(bus.connect());
    EXPECT_ERROR(connection.call(kHelloCall), EPROTO, "does not answer");
}

TEST(DbusAddress, TheFirstPathOfASocketCounts)
{
    const struct {
        const char *addresses, *path;
    } cases[] = {
        {"unix:path=/run/user/1000/bus", "/run/user/1000/bus"},
        {"unix:guid=01,path=/a", "/a"},
        {"tcp:host=localhost,port=1;unix:path=/b%20c%2f", "/b c/"},
        {"unix:abstract=/tmp/x;unix:path=/d,guid=02", "/d"},
        {"unix:abstract=/tmp/x", ""},
        {"unix:path=", ""},
        {"unix:path=/a%2", ""},
        {"unix:path=/a%00b", ""},
        {"unix:path=/a%gg", ""},
        {"", ""},
    };
    for (const auto& row : cases)
        EXPECT_EQ(socket_path(row.addresses), row.path) << row.addresses;
}

}  // namespace kist::container::dbus
