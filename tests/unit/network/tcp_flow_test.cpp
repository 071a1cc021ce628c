// tcp_flow_test.cpp - bytes, ends and resets of connections that are passed on, over loopback.

#include "network/tcp_flow.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <memory>

#include "bulk.h"
#include "check.h"

using namespace kist;
using network::Reactor;
using network::TcpAccount;
using network::TcpFlows;

namespace {

struct Listener {
    Fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};

    Listener()
    {
        socklen_t size = sizeof address;
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
        EXPECT_EQ(::listen(socket.get(), 1024), 0);
        ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
    }
    Fd connect() const
    {
        Fd made(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        (void)::connect(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
        return made;
    }
    Fd accept() const
    {
        return Fd(::accept4(socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    }
};

class TcpFlow : public testing::Test {
protected:
    void SetUp() override
    {
        ::signal(SIGPIPE, SIG_IGN);
        rlimit files{};
        ::getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
        reactor_ = std::make_unique<Reactor>(MUST(Reactor::make()));
        flows_ = std::make_unique<TcpFlows>(*reactor_);
    }
    void TearDown() override
    {
        flows_.reset();
        EXPECT_EQ(account_.flows, 0u);
    }

    struct Ends {
        Fd client, server;
    };
    Ends begin()
    {
        Ends ends;
        ends.client = front_.connect();
        Fd accepted = front_.accept(), connected = back_.connect();
        ends.server = back_.accept();
        flows_->start(std::move(accepted), std::move(connected), account_);
        return ends;
    }
    void turn(int times = 10)
    {
        while (times-- > 0)
            reactor_->turn(1);
    }
    // What recv(2) says, when it has something to say: the size, 0, or the error negated.
    ssize_t hear(const Fd& socket, void* buffer, size_t size)
    {
        for (int i = 0; i < 500; i++) {
            ssize_t got = ::recv(socket.get(), buffer, size, 0);
            if (got >= 0 || errno != EAGAIN)
                return got < 0 ? -errno : got;
            reactor_->turn(2);
        }
        return -EAGAIN;
    }
    ssize_t hear(const Fd& socket)
    {
        char byte;
        return hear(socket, &byte, 1);
    }
    // Fills the way from one to the other until nothing more goes in.
    size_t fill(const Fd& socket)
    {
        static char block[64 << 10];
        size_t total = 0;
        for (int quiet = 0; quiet < 5; quiet++) {
            for (ssize_t n; (n = ::send(socket.get(), block, sizeof block, 0)) > 0; quiet = 0)
                total += size_t(n);
            reactor_->turn(1);
        }
        return total;
    }
    bool carries(const Fd& from, const Fd& to, size_t size)
    {
        return test::carries(from, to, size, [&](int wait) { reactor_->turn(wait); });
    }
    static void reset(Fd& socket)
    {
        TcpFlows::abort(std::move(socket));
        socket.close();
    }

    std::unique_ptr<Reactor> reactor_;
    std::unique_ptr<TcpFlows> flows_;
    TcpAccount account_, other_;
    Listener front_, back_;
};

}  // namespace

TEST_F(TcpFlow, CarriesBytesBothWays)
{
    Ends ends = begin();
    EXPECT_TRUE(carries(ends.client, ends.server, 10));
    EXPECT_TRUE(carries(ends.server, ends.client, 1));
    EXPECT_TRUE(carries(ends.client, ends.server, 64 << 20));
    EXPECT_TRUE(carries(ends.server, ends.client, 64 << 20));
    for (size_t size = 65530; size < 65540; size++)
        EXPECT_TRUE(carries(ends.client, ends.server, size)) << size;
}

TEST_F(TcpFlow, EndsOneDirectionAtATime)
{
    Ends ends = begin();
    EXPECT_EQ(::send(ends.client.get(), "q", 1, 0), 1);
    EXPECT_EQ(::shutdown(ends.client.get(), SHUT_WR), 0);
    EXPECT_EQ(hear(ends.server), 1);
    EXPECT_EQ(hear(ends.server), 0);
    EXPECT_TRUE(carries(ends.server, ends.client, 1 << 20));
    ends.server.close();
    EXPECT_EQ(hear(ends.client), 0);
    turn();
    EXPECT_EQ(flows_->count(), 0u);
}

TEST_F(TcpFlow, ResetsOneSideWhenTheOtherIsReset)
{
    for (bool from_client : {true, false}) {
        Ends ends = begin();
        EXPECT_TRUE(carries(ends.client, ends.server, 10));
        reset(from_client ? ends.client : ends.server);
        EXPECT_EQ(hear(from_client ? ends.server : ends.client), -ECONNRESET);
        EXPECT_EQ(flows_->count(), 0u);
        // Also behind its end, and while the other is not reading.
        ends = begin();
        EXPECT_EQ(::shutdown(ends.client.get(), SHUT_WR), 0);
        EXPECT_EQ(hear(ends.server), 0);
        fill(ends.server);
        reset(from_client ? ends.client : ends.server);
        turn();
        EXPECT_EQ(flows_->count(), 0u);
    }
}

TEST_F(TcpFlow, ResetsWhoWasAcceptedWhenTheOtherCannotBeReached)
{
    Listener gone;
    Fd client = front_.connect(), accepted = front_.accept();
    gone.socket.close();
    flows_->start(std::move(accepted), gone.connect(), account_);
    EXPECT_EQ(hear(client), -ECONNRESET);
    EXPECT_EQ(flows_->count(), 0u);
}

TEST_F(TcpFlow, GoesOnAroundReadersThatDoNotRead)
{
    Vector<Ends> all;
    for (int i = 0; i < 500; i++)
        all.push_back(begin());
    size_t stuck = fill(all[7].client);
    EXPECT_GT(stuck, 100000u);
    for (size_t i = 0; i < all.size(); i += 5) {
        EXPECT_TRUE(carries(all[i].client, all[i].server, 2000));
        EXPECT_TRUE(carries(all[i].server, all[i].client, 1000));
    }
    // It has room in the other direction, and all is there when it reads on.
    EXPECT_TRUE(carries(all[7].server, all[7].client, 1 << 20));
    Vector<char> buffer(1 << 20);
    size_t read = 0;
    for (ssize_t n; read < stuck && (n = hear(all[7].server, buffer.data(), buffer.size())) > 0;)
        read += size_t(n);
    EXPECT_EQ(read, stuck);
}

TEST_F(TcpFlow, KeepsEveryByteWhenManyReadersStall)
{
    // More than an ordinary user has pipes for.
    Vector<Ends> all;
    Vector<size_t> sizes;
    for (int i = 0; i < 30; i++)
        all.push_back(begin());
    for (const Ends& ends : all)
        sizes.push_back(fill(ends.client));
    Vector<char> buffer(1 << 20);
    for (size_t i = 0; i < all.size(); i++) {
        EXPECT_EQ(::shutdown(all[i].client.get(), SHUT_WR), 0);
        size_t read = 0;
        for (ssize_t n; (n = hear(all[i].server, buffer.data(), buffer.size())) > 0;)
            read += size_t(n);
        EXPECT_EQ(read, sizes[i]);
    }
}

TEST_F(TcpFlow, GetsPastUrgentData)
{
    Ends ends = begin();
    EXPECT_TRUE(carries(ends.client, ends.server, 1 << 20));
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(::send(ends.client.get(), "abc!", 4, MSG_OOB), 4);
        char heard[8];
        EXPECT_EQ(hear(ends.server, heard, sizeof heard), 3);
        EXPECT_TRUE(carries(ends.client, ends.server, 1 << 20));
    }
}

TEST_F(TcpFlow, ResetsAllOfAnAccount)
{
    Ends ends = begin(), more = begin();
    Fd client = front_.connect(), accepted = front_.accept(), connected = back_.connect();
    Fd server = back_.accept();
    flows_->start(std::move(accepted), std::move(connected), other_);
    flows_->reset(account_);
    EXPECT_EQ(account_.flows, 0u);
    EXPECT_EQ(other_.flows, 1u);
    EXPECT_EQ(hear(ends.client), -ECONNRESET);
    EXPECT_EQ(hear(more.server), -ECONNRESET);
    EXPECT_TRUE(carries(client, server, 10));
}

TEST_F(TcpFlow, HoldsLittleHoweverManyReadersStall)
{
    // No pipes, which hold something of their own.
    rlimit files{}, few{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    few.rlim_max = files.rlim_max;
    flows_.reset();
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    flows_ = std::make_unique<TcpFlows>(*reactor_);
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0);
    int small = 4096, large = 1 << 20;
    ::setsockopt(back_.socket.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    String block(128 << 10, 'x');
    Vector<Ends> all;
    Vector<ssize_t> sizes;
    size_t most = 0;
    for (int i = 0; i < 260; i++) {
        Ends& ends = all.emplace_back();
        ends.client = front_.connect();
        Fd accepted = front_.accept(), connected = back_.connect();
        ends.server = back_.accept();
        ::setsockopt(connected.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
        flows_->start(std::move(accepted), std::move(connected), account_);
        sizes.push_back(::send(ends.client.get(), block.data(), block.size(), 0));
        turn(3);
        most = std::max(most, flows_->held());
    }
    EXPECT_GE(most, 8u << 20);
    EXPECT_LE(most, (8u << 20) + (64 << 10));
    // Nothing is lost.
    for (size_t i = all.size(); i-- > 0;) {
        EXPECT_EQ(::shutdown(all[i].client.get(), SHUT_WR), 0);
        ::setsockopt(all[i].server.get(), SOL_SOCKET, SO_RCVBUF, &large, sizeof large);
        ssize_t read = 0;
        for (ssize_t n; (n = hear(all[i].server, block.data(), block.size())) > 0;)
            read += n;
        EXPECT_EQ(read, sizes[i]) << i;
    }
    EXPECT_EQ(flows_->held(), 0u);
}

TEST_F(TcpFlow, HasAFewPipesOnly)
{
    rlimit files{}, few{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    few = {.rlim_cur = 64, .rlim_max = files.rlim_max};
    flows_.reset();
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    flows_ = std::make_unique<TcpFlows>(*reactor_);
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0);
    auto open_files = [] {
        int count = 0;
        for (int file = 0; file < 1000; file++)
            count += ::fcntl(file, F_GETFD) >= 0;
        return count;
    };
    int before = open_files();
    for (int times = 0; times < 2; times++) {
        Vector<Ends> all;
        for (int i = 0; i < 12; i++) {
            all.push_back(begin());
            fill(all.back().client);
        }
        // One for each 16 descriptors.
        EXPECT_EQ(open_files(), before + 12 * 4 + 4 * 2);
        for (Ends& ends : all)
            reset(ends.client);
        turn();
        EXPECT_EQ(flows_->count(), 0u);
    }
    // Those of flows that have ended are to be had again.
    Ends ends = begin();
    EXPECT_TRUE(carries(ends.client, ends.server, 4 << 20));
}

TEST_F(TcpFlow, WorksWithoutPipes)
{
    // No descriptor is left for one.
    Ends ends = begin();
    rlimit files{}, none{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    none.rlim_max = files.rlim_max;
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    bool good = carries(ends.client, ends.server, 4 << 20);
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0);
    EXPECT_TRUE(good);
}
