// log_syslog_test.cpp - a container's lines as a syslog service gets them.

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "base/clock.h"
#include "base/string.h"
#include "base/vector.h"
#include "check.h"
#include "container/log_syslog.h"
#include "log_fixture.h"

namespace kist::container {

namespace {

// A syslog service at a path.
Fd listen_at(const String& path)
{
    Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, path.c_str(), path.size() + 1);
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return socket;
}

String receive(const Fd& socket)
{
    pollfd ready = {socket.get(), POLLIN, 0};
    if (::poll(&ready, 1, 1000) <= 0)
        return "(nothing)";
    char text[20000];
    ssize_t got = ::recv(socket.get(), text, sizeof text, 0);
    return String(text, size_t(std::max<ssize_t>(got, 0)));
}

TEST_F(LogTest, GoesToALocalSyslogService)
{
    String path = place_.path() + "/log";
    spec_.log.driver = LogPlan::Driver::syslog;
    spec_.log.address = "unix://" + path;
    Log log = open();
    log.write(Stream::output, "lost, nobody listens\n");
    Fd service = listen_at(path);
    String from = str::format("web[%d]: ", ::getpid());
    log.write(Stream::output, "hello\n\nworld\r\n");
    EXPECT_EQ(receive(service),
              "<27>" + from + "kist: 1 line was dropped here: No such file or directory");
    EXPECT_EQ(receive(service), "<30>" + from + "hello");
    EXPECT_EQ(receive(service), "<30>" + from + "world");
    spec_.log.tag = "tagged";
    Log other = open();
    other.write(Stream::errors, "oops");
    other.flush();
    EXPECT_EQ(receive(service), str::format("<27>tagged[%d]: oops", ::getpid()));
    // It is started anew.
    service.close();
    ASSERT_EQ(::unlink(path.c_str()), 0);
    service = listen_at(path);
    log.write(Stream::output, "still there\n");
    EXPECT_EQ(receive(service), "<30>" + from + "still there");
}

TEST_F(LogTest, WaitsForASyslogServiceOnceAndNotForLong)
{
    String path = place_.path() + "/log";
    spec_.log.driver = LogPlan::Driver::syslog;
    spec_.log.address = "unix://" + path;
    Fd service = listen_at(path);
    Log log = open();
    int64_t began = clock::steady_ms();
    for (int i = 0; i < 20000; i++)
        log.write(Stream::output, "much\n");
    EXPECT_LT(clock::steady_ms() - began, 5000);
    String from = str::format("web[%d]: ", ::getpid());
    int taken = 0;
    for (char text[100]; ::recv(service.get(), text, sizeof text, MSG_DONTWAIT) > 0;)
        taken++;
    EXPECT_LT(taken, 20000);
    log.write(Stream::output, "and on\n");
    EXPECT_EQ(receive(service),
              "<27>" + from +
                  str::format("kist: %d lines were dropped here: Resource temporarily unavailable",
                              20000 - taken));
    EXPECT_EQ(receive(service), "<30>" + from + "and on");
}

TEST_F(LogTest, GoesToASyslogHostAsRfc5424)
{
    Fd service(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    ASSERT_EQ(::bind(service.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
    ASSERT_EQ(::getsockname(service.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
    spec_.log.driver = LogPlan::Driver::syslog;
    spec_.log.address = str::format("udp://127.0.0.1:%u", ntohs(address.sin_port));
    Log log = open();
    log.write(Stream::errors, "far away\n");
    String text = receive(service);
    Vector<std::string_view> words = str::words(text);
    ASSERT_EQ(words.size(), 9u) << text;
    EXPECT_EQ(words[0], "<27>1");
    EXPECT_EQ(words[1].size(), strlen("2026-11-22T10:00:00.123456Z"));
    EXPECT_OK(clock::from_text(words[1]));
    EXPECT_EQ(words[3], "web");
    EXPECT_TRUE(text.ends_with(" - - far away"));
}

TEST_F(LogTest, NamesTheSyslogHostThatDoesNotExist)
{
    spec_.log.driver = LogPlan::Driver::syslog;
    spec_.log.address = "udp://no..host";
    auto opened = Syslog::open(spec_);
    EXPECT_ERROR(opened, EINVAL, "syslog-address=udp://no..host: there is no host called no..host");
    EXPECT_EQ(opened.error().hint(), "an address instead of the name works without DNS");
}

TEST(SyslogAddress, IsASocketOrAHostAndAPort)
{
    for (const char* good : {"", "unix:///dev/log", "udp://10.0.0.1:514", "udp://[::1]:5140",
                             "udp://[::1]", "udp://logs.example", "udp://logs.example:514"})
        EXPECT_OK(check_syslog_address(good)) << good;
    for (const char* bad : {"tcp://host:1", "unix://relative", "udp://", "udp://:514",
                            "udp://host:", "udp://host:x", "udp://host:0", "udp://host:65536"})
        EXPECT_ERROR(check_syslog_address(bad), EINVAL, "expected unix:///PATH or udp://HOST:PORT");
    EXPECT_ERROR(check_syslog_address("unix:///" + String(200, 'x')), EINVAL, "too long");
}

}  // namespace

}  // namespace kist::container
