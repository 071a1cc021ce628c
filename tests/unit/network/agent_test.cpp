// agent_test.cpp - network/agent.h: whom it cannot serve.

#include "network/agent.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <csignal>

#include "base/parcel.h"
#include "base/sys.h"
#include "check.h"
#include "temporary.h"

namespace kist::network {
namespace {

constexpr rlim_t kFiles = 64;

class NetworkAgent : public testing::Test {
protected:
    void SetUp() override
    {
        address_.sun_family = AF_UNIX;
        String path = directory_.path() + "/" + kAgentSocket;
        ASSERT_LT(path.size(), sizeof address_.sun_path);
        memcpy(address_.sun_path, path.c_str(), path.size() + 1);
        auto pair = sys::socket_pair();
        ASSERT_TRUE(test::is_ok(pair));
        agent_ = ::fork();
        if (agent_ == 0) {
            pair->reader.close();
            rlimit files = {kFiles, kFiles};
            (void)::setrlimit(RLIMIT_NOFILE, &files);
            live(pair->writer);
            ::_exit(1);
        }
        pair->writer.close();
        first_ = std::move(pair->reader);
        EXPECT_OK(receive_outcome(first_));
    }
    void TearDown() override
    {
        ::kill(agent_, SIGKILL);
        ::waitpid(agent_, nullptr, 0);
    }

    void live(Fd& first)
    {
        Fd state(::open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY));
        AgentOptions options = {.state = state, .first = first};
        options.lock = Fd(::open("/dev/null", O_RDONLY));
        options.network_namespace = Fd(::open("/proc/self/ns/net", O_RDONLY));
        options.user_namespace = Fd(::open("/proc/self/ns/user", O_RDONLY));
        options.listener = Fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0));
        if (::bind(options.listener.get(), reinterpret_cast<sockaddr*>(&address_),
                   sizeof address_) == 0 &&
            ::listen(options.listener.get(), SOMAXCONN) == 0)
            (void)run_agent(Gateway::here(), std::move(options));
    }

    Result<void> greeted(Fd& socket)
    {
        socket = Fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
        timeval patience = {5, 0};
        (void)::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address_), sizeof address_) < 0)
            return os_error("connect");
        TRY(receive_outcome(socket));
        return {};
    }

    double seconds_used() const
    {
        clockid_t id;
        timespec used = {};
        EXPECT_EQ(::clock_getcpuclockid(agent_, &id), 0);
        EXPECT_EQ(::clock_gettime(id, &used), 0);
        return double(used.tv_sec) + double(used.tv_nsec) / 1e9;
    }

    test::TemporaryDirectory directory_;
    sockaddr_un address_ = {};
    pid_t agent_ = -1;
    Fd first_;
};

TEST_F(NetworkAgent, TellsWhomItCannotServeAndStaysCalm)
{
    Vector<Fd> guests;
    size_t refused = 0;
    for (rlim_t i = 0; i < 2 * kFiles; i++) {
        Fd socket;
        auto met = greeted(socket);
        if (met) {
            guests.push_back(std::move(socket));
            continue;
        }
        refused++;
        EXPECT_EQ(met.error().code(), EMFILE) << met.error().message().c_str();
    }
    EXPECT_GT(guests.size(), 10u);
    EXPECT_GT(refused, size_t{kFiles});
    double before = seconds_used();
    ::usleep(500'000);
    EXPECT_LT(seconds_used() - before, 0.1);
    // There is room again.
    guests.clear();
    Fd socket;
    Result<void> met;
    for (int i = 0; i < 50 && !(met = greeted(socket)); i++)
        ::usleep(100'000);
    EXPECT_OK(met);
}

TEST_F(NetworkAgent, SaysWhatIsWrongWithAGuest)
{
    Fd socket;
    ASSERT_TRUE(test::is_ok(greeted(socket)));
    EXPECT_OK(send_parcel(socket, "{}"));
    EXPECT_ERROR(receive_outcome(socket), EBADMSG, "cannot");
    EXPECT_ERROR(receive_outcome(socket), EPIPE, "");
}

}  // namespace
}  // namespace kist::network
