// gateway_process_test.cpp - network/gateway.h: the process in it, its birth and its end.

#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstring>

#include "base/fs.h"
#include "check.h"
#include "network/gateway.h"
#include "street.h"

namespace kist::network {
namespace {

using test::Client;
using test::Place;
using test::Server;
using test::waits;

TEST(GatewayProcess, IsMissed)
{
    test::in_new_network([] {
        Street street;
        EXPECT_ERROR(street.gateway.tap("br-none"), ENODEV, "br-none");
        EXPECT_EQ(::kill(street.gateway.process(), SIGKILL), 0);
        EXPECT_ERROR(street.gateway.tap("br-a"), ESRCH, "ended");
        EXPECT_ERROR(street.gateway.connect(SOCK_STREAM, {}, {Address::parse("::1").take(), 1}),
                     ESRCH, "ended");
    });
}

size_t descriptors()
{
    return fs::list(*sys::open("/proc/self/fd", O_RDONLY | O_DIRECTORY)).take().size();
}

TEST(GatewayProcess, LeavesNothingBehind)
{
    test::in_new_network([] {
        size_t before = descriptors();
        pid_t process = 0;
        {
            Gateway gateway = started();
            Gateway moved = std::move(gateway);
            process = moved.process();
            EXPECT_EQ(::kill(process, SIGTERM), 0);  // is the agent's to decide
            EXPECT_EQ(descriptors(), before + 10);
            EXPECT_OK(moved.connect(SOCK_DGRAM, {}, {Address::parse("127.0.0.1").take(), 1}));
        }
        EXPECT_EQ(descriptors(), before);
        EXPECT_EQ(::kill(process, 0), -1);

        auto refused = Gateway::start(
            [](void*) -> Result<void> {
                return Error(EPERM, "no entry").with_hint("ask the porter");
            },
            nullptr);
        EXPECT_ERROR(refused, EPERM, "no entry");
        EXPECT_EQ(refused.error().hint(), "ask the porter");
        EXPECT_EQ(descriptors(), before);
    });
}

// In place of the outer user namespace.
Result<void> become_root(void*)
{
    unsigned group = ::getegid();
    if (::unshare(CLONE_NEWUSER) != 0)
        return os_error("unshare");
    auto here = sys::borrow(AT_FDCWD);
    TRY(fs::poke(here, "/proc/self/setgroups", "deny"));
    TRY(fs::poke(here, "/proc/self/uid_map", "0 1000 1"));
    return fs::poke(here, "/proc/self/gid_map", str::format("0 %u 1", group));
}

TEST(GatewayProcess, RunsOutOfDescriptorsForOneRequestOnly)
{
    test::in_new_network([] {
        Gateway gateway = started();
        SocketAddress nobody = {Address::parse("127.0.0.1").take(), 1};
        rlimit none = {3, 4096}, enough = {1024, 4096};
        EXPECT_EQ(::prlimit(gateway.process(), RLIMIT_NOFILE, &none, nullptr), 0);
        EXPECT_ERROR(gateway.connect(SOCK_DGRAM, {}, nobody), EMFILE, "socket");
        EXPECT_ERROR(gateway.tap("lo"), EMFILE, "");
        EXPECT_EQ(::prlimit(gateway.process(), RLIMIT_NOFILE, &enough, nullptr), 0);
        EXPECT_OK(gateway.connect(SOCK_DGRAM, {}, nobody));
        EXPECT_OK(gateway.tap("lo"));
    });
}

TEST(GatewayProcess, EndsWithTheAgent)
{
    test::in_new_network([] {
        sys::Pipe said = sys::pipe().take();
        pid_t agent = ::fork();
        if (agent == 0) {
            (void)::setresuid(1000, 1000, 1000);
            (void)::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
            auto gateway = Gateway::start(become_root, nullptr);
            pid_t process = gateway ? gateway->process() : 0;
            (void)!::write(said.writer.get(), &process, sizeof process);
            ::pause();
        }
        pid_t process = 0;
        ASSERT_EQ(::read(said.reader.get(), &process, sizeof process), ssize_t(sizeof process));
        if (!process)
            GTEST_SKIP() << "no user namespaces";
        EXPECT_EQ(::kill(process, 0), 0);
        Fd watched = sys::pidfd_open(process).take();
        EXPECT_EQ(::kill(agent, SIGKILL), 0);
        EXPECT_TRUE(waits(watched, POLLIN));
        (void)::waitpid(agent, nullptr, 0);
    });
}

// A container's place, and what is done in it by another process in the gateway's namespaces.
void live_there(pid_t gateway, const Fd& done)
{
    for (const char* kind : {"user", "net"}) {
        Fd names(::open(str::format("/proc/%d/ns/%s", gateway, kind).c_str(), O_RDONLY));
        EXPECT_EQ(::setns(names.get(), 0), 0) << kind << ' ' << strerror(errno);
    }
    Network network = Street::network("a", "172.18.0", "fd00:a:");
    Endpoint endpoint = {.bridge = "br-a",
                         .veth = "va",
                         .interface = "eth0",
                         .mac = "02:42:00:00:00:02",
                         .address = "172.18.0.2/24",
                         .gateway = "172.18.0.1"};
    Fd place = test::another_network();
    EXPECT_OK(raise(network, network::Place::gateway));
    EXPECT_OK(plug(network, endpoint, place, true, network::Place::gateway));
    Place box(std::move(place));
    Server server(box, "172.18.0.2", 80);
    EXPECT_EQ(::write(done.get(), "r", 1), 1);
    EXPECT_EQ(server.hears(), "198.51.100.7");
    Client client(box, "8.8.8.8", 80);
    ::poll(nullptr, 0, test::kPatience);
}

TEST(GatewayProcess, IsAnOrdinaryUsers)
{
    test::in_new_network([] {
        ASSERT_EQ(::setgroups(0, nullptr), 0);
        ASSERT_EQ(::setresgid(1000, 1000, 1000), 0);
        ASSERT_EQ(::setresuid(1000, 1000, 1000), 0);
        ASSERT_EQ(::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
        auto gateway = Gateway::start(become_root, nullptr);
        if (!gateway && gateway.error().is(EPERM))
            GTEST_SKIP() << "no user namespaces";
        EXPECT_OK(gateway);
        if (!gateway)
            return;
        sys::Pipe ready = sys::pipe().take();
        pid_t child = ::fork();
        if (child == 0) {
            live_there(gateway->process(), ready.writer);
            ::_exit(::testing::Test::HasFailure());
        }
        ready.writer.close();
        char byte;
        EXPECT_EQ(::read(ready.reader.get(), &byte, 1), 1);
        Fd tap = gateway->tap("br-a").take();
        Fd made = gateway
                      ->connect(SOCK_STREAM, {Address::parse("198.51.100.7").take(), 22},
                                {Address::parse("172.18.0.2").take(), 80})
                      .take();
        EXPECT_TRUE(waits(made, POLLIN));
        std::optional<Packet> packet;
        String bytes;
        EXPECT_EQ(seen_on(tap, packet, bytes), "syn 172.18.0.2 > 8.8.8.8:80");
        int status = 1;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    });
}

}  // namespace
}  // namespace kist::network
