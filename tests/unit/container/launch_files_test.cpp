// launch_files_test.cpp - what a launch writes and resolves: /etc/hosts and its kin, targets of
// mounts, copies of trees, id maps and settings.

#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/string.h"
#include "base/vector.h"
#include "check.h"
#include "container/copy.h"
#include "container/files.h"
#include "container/outer.h"
#include "container/report.h"
#include "container/settings.h"
#include "container/target.h"
#include "container_fixture.h"

namespace kist::container {

namespace {

TEST(Hosts, AreTheHostsOwnOnItsNetworkAndLoopbackWithoutOne)
{
    Spec spec;
    spec.hosts = {"db:10.0.0.7", "six:fd00::1"};
    EXPECT_EQ(hosts_text(spec, "127.0.0.1 here", nullptr),
              "127.0.0.1 here\n10.0.0.7\tdb\nfd00::1\tsix\n");
    spec.network = Namespace::own;
    spec.hostname = "box";
    String text = hosts_text(spec, "10.1.1.1 host-only\n", nullptr);
    EXPECT_EQ(text.find("host-only"), text.npos);
    EXPECT_NE(text.find("127.0.0.1\tlocalhost\n"), text.npos);
    EXPECT_NE(text.find("127.0.1.1\tbox\n"), text.npos);
}

TEST(Hosts, OnNetworksHaveTheContainersAddresses)
{
    Spec spec;
    spec.network = Namespace::own;
    spec.hostname = "box";
    spec.hosts = {"gate:host-gateway", "db:10.0.0.7"};
    network::Wiring wiring;
    wiring.endpoints.resize(2);
    wiring.endpoints[0].address = "172.18.0.2/16";
    wiring.endpoints[0].gateway = "172.18.0.1";
    wiring.endpoints[0].address6 = "fd00::2/64";
    wiring.endpoints[1].address = "172.19.0.2/16";
    String text = hosts_text(spec, "10.1.1.1 host-only\n", &wiring);
    EXPECT_TRUE(
        text.ends_with("\n172.18.0.2\tbox\nfd00::2\tbox\n172.19.0.2\tbox\n"
                       "172.18.0.1\tgate\n10.0.0.7\tdb\n"));
    EXPECT_EQ(text.find("127.0.1.1"), text.npos);
    EXPECT_EQ(text.find("host-only"), text.npos);
}

TEST(Resolver, OnNetworksIsKistsOwnWithTheHostsSearchAndOptions)
{
    network::Wiring wiring;
    Spec spec;
    spec.network = Namespace::own;
    spec.dns = {"1.1.1.1"};
    constexpr const char* kHost = "# local\nnameserver 127.0.0.53\nsearch lan\noptions edns0\n";
    EXPECT_EQ(resolver_text(spec, kHost, &wiring),
              "nameserver 127.0.0.11\nsearch lan\noptions edns0\n");
    spec.dns_search = {"a"};
    spec.dns_options = {"ndots:2", "rotate"};
    EXPECT_EQ(resolver_text(spec, kHost, &wiring),
              "nameserver 127.0.0.11\nsearch a\noptions ndots:2 rotate\n");
}

TEST(Resolver, AsksForNeighboursBeforeTheSearchDomains)
{
    network::Wiring wiring;
    wiring.endpoints.resize(1);
    Spec spec;
    spec.network = Namespace::own;
    constexpr const char* kHost = "search lan\noptions ndots:1\n";
    EXPECT_EQ(resolver_text(spec, kHost, &wiring),
              "nameserver 127.0.0.11\nsearch lan\noptions ndots:1\n");
    wiring.endpoints[0].resolves = true;
    EXPECT_EQ(resolver_text(spec, kHost, &wiring),
              "nameserver 127.0.0.11\nsearch lan\noptions ndots:1\noptions ndots:0\n");
    spec.dns_options = {"rotate"};
    EXPECT_EQ(resolver_text(spec, kHost, &wiring),
              "nameserver 127.0.0.11\noptions rotate\nsearch lan\noptions ndots:0\n");
    spec.dns_options = {"rotate", "ndots:2"};
    EXPECT_EQ(resolver_text(spec, kHost, &wiring),
              "nameserver 127.0.0.11\noptions rotate ndots:2\nsearch lan\n");
}

TEST(Resolver, IsTheHostsWithWhatWasAskedForInItsPlace)
{
    constexpr const char* kHost =
        "# local\nnameserver 127.0.0.53\nsearch lan\noptions edns0\nnameserver 9.9.9.9\n";
    const struct {
        Vector<String> dns, search;
        Namespace network;
        const char* expected;
    } kRows[] = {
        {{}, {}, Namespace::host, kHost},
        {{"1.1.1.1"},
         {},
         Namespace::host,
         "nameserver 1.1.1.1\n# local\nsearch lan\noptions edns0\n"},
        {{},
         {"a", "b"},
         Namespace::host,
         "search a b\n# local\nnameserver 127.0.0.53\noptions edns0\nnameserver 9.9.9.9\n"},
        {{},
         {"."},
         Namespace::host,
         "# local\nnameserver 127.0.0.53\noptions edns0\nnameserver 9.9.9.9\n"},
        {{}, {}, Namespace::own, ""},
        {{"1.1.1.1"}, {}, Namespace::own, "nameserver 1.1.1.1\n"},
    };
    for (auto& row : kRows) {
        Spec spec;
        spec.dns = row.dns;
        spec.dns_search = row.search;
        spec.network = row.network;
        EXPECT_EQ(resolver_text(spec, kHost, nullptr), row.expected);
    }
}

TEST(Target, IsMadeWithItsParents)
{
    test::TemporaryDirectory place;
    EXPECT_OK(open_target(place.fd(), "/a/b/c", TargetKind::directory));
    EXPECT_OK(open_target(place.fd(), "/a/x/file", TargetKind::file));
    EXPECT_TRUE(S_ISREG(MUST(sys::stat_at(place.fd(), "a/x/file")).st_mode));
    EXPECT_ERROR(open_target(place.fd(), "/a/b", TargetKind::file), EEXIST, "is a directory");
    EXPECT_ERROR(open_target(place.fd(), "/a/x/file", TargetKind::directory), EEXIST, "is a file");
}

TEST(Target, BehindALinkStaysInsideTheRoot)
{
    test::TemporaryDirectory place;
    Fd root = MUST(fs::make_directory(place.fd(), "root"));
    const struct {
        const char *name, *leads_to, *made;
    } kRows[] = {
        {"absolute", "/made/there", "root/made/there"},
        {"relative", "../../../up", "root/up"},
        {"chain", "absolute2/x", "root/absolute2/x"},
        {"dots", "q/../r", "root/r"},
    };
    for (auto& row : kRows) {
        EXPECT_OK(sys::symlink_at(row.leads_to, root, row.name));
        EXPECT_OK(open_target(root, row.name, TargetKind::directory)) << row.name;
        EXPECT_OK(sys::stat_at(place.fd(), row.made));
    }
    EXPECT_ERROR(sys::stat_at(place.fd(), "up"), ENOENT, "up");
    EXPECT_OK(sys::symlink_at("loop", root, "loop"));
    EXPECT_FALSE(open_target(root, "loop", TargetKind::directory));
}

class Copy : public testing::Test {
protected:
    Copy()
    {
        if (::geteuid() == 0)
            from_ = fs::make_directory(place_.fd(), "from").take();
        to_ = fs::make_directory(place_.fd(), "to").take();
    }
    void SetUp() override
    {
        if (::geteuid() != 0)
            GTEST_SKIP() << "needs root";
    }
    String from(const char* name) const { return place_.path() + "/from/" + name; }
    String to(const char* name) const { return place_.path() + "/to/" + name; }

    test::TemporaryDirectory place_;
    Fd from_, to_;
};

TEST_F(Copy, KeepsOwnersModesTimesLinksHolesAndAttributes)
{
    test::write_file(from(""), "d/file", "contents", 04755);
    EXPECT_EQ(::chown(from("d/file").c_str(), 5, 6), 0);
    EXPECT_EQ(::chmod(from("d/file").c_str(), 04755), 0);
    EXPECT_EQ(::link(from("d/file").c_str(), from("hard").c_str()), 0);
    EXPECT_EQ(::symlink("../nowhere", from("dangling").c_str()), 0);
    EXPECT_EQ(::mkfifo(from("pipe").c_str(), 0640), 0);
    test::write_file(from(""), "sparse", "start");
    EXPECT_EQ(::truncate(from("sparse").c_str(), 8 << 20), 0);
    bool attributes = ::setxattr(from("d/file").c_str(), "user.kept", "yes", 3, 0) == 0;
    EXPECT_EQ(::chmod(from("d").c_str(), 0511), 0);

    EXPECT_OK(copy_tree(from_, to_, {}));

    struct stat file = MUST(sys::stat_at(to_, "d/file"));
    EXPECT_EQ(file.st_mode & 07777, 04755u);
    EXPECT_EQ(file.st_uid, 5u);
    EXPECT_EQ(file.st_gid, 6u);
    EXPECT_EQ(file.st_ino, MUST(sys::stat_at(to_, "hard")).st_ino);
    EXPECT_EQ(MUST(sys::readlink_at(to_, "dangling")), "../nowhere");
    EXPECT_EQ(MUST(sys::stat_at(to_, "pipe")).st_mode, S_IFIFO | 0640u);
    struct stat sparse = MUST(sys::stat_at(to_, "sparse"));
    EXPECT_EQ(sparse.st_size, 8 << 20);
    EXPECT_LT(sparse.st_blocks, 1000);
    EXPECT_EQ(MUST(sys::stat_at(to_, "d")).st_mode & 0777, 0511u);
    char value[8] = {};
    if (attributes)
        EXPECT_EQ(::getxattr(to("d/file").c_str(), "user.kept", value, sizeof value), 3);
}

TEST_F(Copy, AppliesWhiteoutsAndOpaqueDirectories)
{
    test::write_file(to(""), "gone", "x");
    test::write_file(to(""), "tree/below", "x");
    test::write_file(to(""), "opaque/old", "x");
    test::write_file(to(""), "merged/old", "x");
    test::write_file(to(""), "was-file", "x");
    test::write_file(to(""), "was-directory/x", "x");
    for (const char* name : {"gone", "tree"})
        ASSERT_EQ(::mknod(from(name).c_str(), S_IFCHR, makedev(0, 0)), 0);
    test::write_file(from(""), "opaque/new", "x");
    test::write_file(from(""), "merged/new", "x");
    test::write_file(from(""), "was-file/x", "x");
    test::write_file(from(""), "was-directory", "x");
    if (::setxattr(from("opaque").c_str(), "trusted.overlay.opaque", "y", 1, 0) < 0)
        GTEST_SKIP() << "no trusted attributes here";

    EXPECT_OK(copy_tree(from_, to_, {.layer = true}));

    for (const char* missing : {"gone", "tree", "opaque/old"})
        EXPECT_ERROR(sys::stat_at(to_, missing), ENOENT, missing);
    for (const char* there : {"opaque/new", "merged/old", "merged/new", "was-file/x"})
        EXPECT_OK(sys::stat_at(to_, there)) << there;
    EXPECT_TRUE(S_ISREG(MUST(sys::stat_at(to_, "was-directory")).st_mode));
    EXPECT_LT(::getxattr(to("opaque").c_str(), "trusted.overlay.opaque", nullptr, 0), 0);
}

TEST(IdMap, IsWrittenAsTheKernelWantsIt)
{
    Vector<IdRange> ranges = {{0, 1000, 1}, {1, 100000, 65536}};
    EXPECT_EQ(map_text(ranges, false), "0 1000 1\n1 100000 65536\n");
    EXPECT_EQ(map_text(ranges, true), "0 0 1\n1 1 65536\n");
    EXPECT_TRUE(has_id(ranges, 0));
    EXPECT_TRUE(has_id(ranges, 65536));
    EXPECT_FALSE(has_id(ranges, 65537));
    EXPECT_TRUE(has_id({}, 4000000000U));
}

TEST(Settings, OnlySysctlsOfOwnNamespacesAreTaken)
{
    Spec spec;
    spec.sysctls = {{"kernel.shmmax", "1"}, {"fs.mqueue.msg_max", "5"}};
    EXPECT_OK(check_settings(spec));
    spec.sysctls = {{"net.ipv4.ip_forward", "1"}};
    EXPECT_ERROR(check_settings(spec), EINVAL, "not allowed with --network host");
    spec.network = Namespace::own;
    EXPECT_OK(check_settings(spec));
    for (const char* name : {"kernel.panic", "vm.swappiness", "kernel.shmmaxx", "net", "netx.a",
                             "net/../kernel/panic", "net.../../x"}) {
        spec.sysctls = {{name, "1"}};
        EXPECT_ERROR(check_settings(spec), EINVAL, name);
    }
    spec.sysctls = {};
    spec.ulimits = {{"nosuch", 1, 1}};
    EXPECT_ERROR(check_settings(spec), EINVAL, "nosuch");
}

TEST(Reports, CarryErrorsAndFilesAndEnd)
{
    sys::Pipe socket = MUST(sys::socket_pair());
    Error error = Error(EPERM, "it is not allowed").with_hint("ask");
    EXPECT_OK(send_report(socket.writer, Report::of(Stage::program, error)));
    Report file = {.kind = Report::Kind::console, .file = MUST(sys::open("/dev/null", O_RDONLY))};
    EXPECT_OK(send_report(socket.writer, file));
    EXPECT_OK(send_report(socket.writer,
                          Report::of(Stage::setup, Error(1, "%s", String(1 << 20, 'x').c_str()))));
    EXPECT_TRUE(is_connected(socket.reader));
    socket.writer.close();
    EXPECT_FALSE(is_connected(socket.reader));

    auto first = MUST(receive_report(socket.reader));
    ASSERT_TRUE(first);
    EXPECT_EQ(first->stage, Stage::program);
    Error heard = std::move(*first).error();
    EXPECT_EQ(heard.message(), "it is not allowed");
    EXPECT_EQ(heard.hint(), "ask");
    EXPECT_TRUE(MUST(receive_report(socket.reader))->file);
    EXPECT_EQ(MUST(receive_report(socket.reader))->message.size(), kMaxReport / 2);
    EXPECT_FALSE(MUST(receive_report(socket.reader)));
}

}  // namespace

}  // namespace kist::container
