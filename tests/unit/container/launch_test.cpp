// launch_test.cpp - whole containers, as root and as an ordinary user (tier `single`).

#include "container_fixture.h"

#include "base/string.h"
#include "check.h"

namespace kist::container {

namespace {

constexpr uid_t kOrdinary = 12345;

// Each test runs for root and for an ordinary user.
class Launch : public testing::TestWithParam<uid_t> {
protected:
    void SetUp() override
    {
        if (!test::TestStore::can_run())
            GTEST_SKIP() << "needs root and a static /bin/busybox";
    }
    bool ordinary() const { return GetParam() != 0; }

    test::TestStore store_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(User, Launch, testing::Values(0, kOrdinary),
                         [](const testing::TestParamInfo<uid_t>& info) {
                             return info.param ? "Ordinary" : "Root";
                         });

TEST_P(Launch, GivesOutputAndExitCodesBack)
{
    test::Ran ran = store_.run("echo hello; echo $0 $$ $HOME; exit 7");
    EXPECT_EQ(ran.output, "hello\nsh 1 /root\n");
    EXPECT_EQ(ran.code, 7);
    EXPECT_EQ(store_.run("kill -9 $$").code, 0);  // pid 1 is safe from itself
}

TEST_P(Launch, TellsAProgramThatIsMissingFromOneThatCannotBeRun)
{
    const struct {
        const char* program;
        int code;
        const char* words;
    } kRows[] = {
        {"nosuch", 127, "no program \"nosuch\" in the container's PATH"},
        {"/no/such", 127, "no program \"/no/such\" in the container"},
        {"/etc/passwd", 126, "cannot execute \"/etc/passwd\": Permission denied"},
        {"/tmp", 126, "cannot execute \"/tmp\""},
        {"/bin/script", 127, "the interpreter that it names is not there"},
        {"/bin/empty", 126, "not a program of this processor"},
    };
    test::write_file(store_.layer(1), "bin/script", "#!/nowhere\n", 0755);
    test::write_file(store_.layer(1), "bin/empty", "", 0755);
    for (auto& row : kRows) {
        Spec spec = store_.spec("");
        spec.argv = {row.program};
        test::Ran ran = store_.run(spec);
        EXPECT_EQ(ran.code, row.code) << ran.output;
        EXPECT_NE(ran.output.find(row.words), ran.output.npos) << ran.output;
    }
}

TEST_P(Launch, BecomesTheImagesUser)
{
    Spec spec = store_.spec(
        "id; echo $HOME; echo x > /tmp/x && stat -c %U /tmp/x; grep CapEff /proc/self/status");
    spec.user = "app";
    EXPECT_EQ(store_.run(spec).output, String("uid=1000(app) gid=1000(app)") +
                                           (ordinary() ? "" : " groups=44(video),1000(app)") +
                                           "\n/home/app\napp\nCapEff:\t0000000000000000\n");
    spec.user = "ghost";
    test::Ran ran = store_.run(spec);
    EXPECT_EQ(ran.output, "unable to find user ghost: no matching entries in passwd file");
    EXPECT_EQ(ran.code, 125);
}

TEST_P(Launch, SeesNothingOfTheHost)
{
    test::Ran ran = store_.run(
        "ls /; hostname; set -- /proc/[0-9]*; echo $#; ls /proc/self/fd; wc -c < /proc/interrupts;"
        "touch /proc/sys/kernel/hostname /sys/x 2>&1; readlink /proc/1/cwd;"
        "grep -c /layers /proc/self/mountinfo");
    EXPECT_EQ(ran.output,
              "bin\ndev\netc\nhome\nproc\nsys\ntmp\nbox\n1\n0\n1\n2\n3\n0\n"
              "touch: /proc/sys/kernel/hostname: Read-only file system\n"
              "touch: /sys/x: Read-only file system\n/\n0\n");
}

TEST_P(Launch, MountsWhatIsAskedForAndNothingComesBack)
{
    test::TemporaryDirectory host;
    test::write_file(host.path(), "sub/file", "from the host\n");
    EXPECT_EQ(::chmod(host.path().c_str(), 0777), 0);
    store_.give(host.path());
    Spec spec = store_.spec(
        "cat /data/sub/file; touch /data/new 2>&1; cat /etc/one; touch /rw/made && ls /rw;"
        "ls /home; touch /home/app/x && echo kept; grep -c ' /tmp .*size=1024k' "
        "/proc/self/mountinfo");
    auto bind = [&](const char* source, const char* target, bool read_only) {
        Mount mount = {.source = host.path() + source, .target = target, .read_only = read_only};
        spec.mounts.push_back(mount);
    };
    bind("", "/data", true);
    bind("/sub/file", "/etc/one", false);
    bind("/fresh", "/rw", false);
    spec.mounts.push_back(
        {.kind = Mount::Kind::volume, .source = "home", .target = "/home", .copy_up = true});
    spec.mounts.push_back({.kind = Mount::Kind::tmpfs, .target = "/tmp", .options = "size=1m"});
    test::Ran ran = store_.run(spec);
    EXPECT_EQ(ran.output,
              "from the host\ntouch: /data/new: Read-only file system\nfrom the host\nmade\napp\n"
              "kept\n1\n");
    EXPECT_OK(sys::stat_at(host.fd(), "fresh/made"));

    spec.mounts = {{.source = "/nonexistent", .must_exist = true, .target = "/x"}};
    EXPECT_NE(store_.run(spec).output.find("there is no such file"), String::npos);
    for (const char* target : {"/", "/proc", "/proc/sys"}) {
        spec.mounts = {{.source = host.path(), .target = target}};
        EXPECT_EQ(store_.run(spec).code, 125) << target;
    }
}

TEST_P(Launch, NeverMountsThroughALinkOutOfTheRoot)
{
    test::TemporaryDirectory host;
    test::write_file(host.path(), "mine", "mine\n");
    EXPECT_EQ(::chmod(host.path().c_str(), 0777), 0);
    EXPECT_EQ(::symlink("../../../../../../etc", (store_.layer(1) + "/escape").c_str()), 0);
    Spec spec = store_.spec("cat /etc/placed");
    spec.mounts = {{.source = host.path() + "/mine", .target = "/escape/placed"}};
    EXPECT_EQ(store_.run(spec).output, "mine\n");
    EXPECT_LT(::access("/etc/placed", F_OK), 0);

    // What /proc and its like are mounted on must be a directory of the image.
    EXPECT_EQ(::symlink("/tmp", (store_.layer(1) + "/sys").c_str()), 0);
    EXPECT_NE(store_.run("true").output.find("/sys in the container is not a directory"),
              String::npos);
}

TEST_P(Launch, KeepsAReadOnlyRootReadOnly)
{
    Spec spec = store_.spec("touch /x; touch /dev/shm/x && echo shm; pwd");
    spec.read_only = true;
    spec.workdir = "/made/for/it";
    EXPECT_EQ(store_.run(spec).output, "touch: /x: Read-only file system\nshm\n/made/for/it\n");
}

TEST_P(Launch, GivesATerminalOfItsOwn)
{
    Spec spec = store_.spec("tty; ls -l /dev/console | grep -c ' app '; echo x > /dev/tty");
    spec.tty = true;
    spec.user = "app";
    EXPECT_EQ(store_.run(spec).output, "/dev/pts/0\r\n1\r\nx\r\n");
}

TEST_P(Launch, ReapsAndForwardsWithInit)
{
    Spec spec = store_.spec("ps -o pid,comm | grep -v ps; (sleep 0.01 &) ; exit 9");
    spec.init = true;
    test::Ran ran = store_.run(spec);
    EXPECT_NE(ran.output.find("1 kist-init"), ran.output.npos) << ran.output;
    EXPECT_EQ(ran.code, 9);
    spec.argv = {"sh", "-c", "kill -TERM 1; sleep 5"};
    EXPECT_EQ(store_.run(spec).code, 128 + SIGTERM);
}

TEST_P(Launch, AppliesSettings)
{
    Spec spec = store_.spec(
        "cat /proc/sys/net/ipv4/ip_forward /proc/self/oom_score_adj; ulimit -n; umask;"
        "grep -c nameserver /etc/resolv.conf; cat /etc/hostname");
    spec.network = Namespace::own;
    spec.sysctls = {{"net.ipv4.ip_forward", "1"}};
    spec.oom_score_adj = 500;
    spec.ulimits = {{"nofile", 100, 200}};
    spec.umask = 077;
    spec.dns = {"192.0.2.1"};
    EXPECT_EQ(store_.run(spec).output, "1\n500\n100\n0077\n1\nbox\n");
    spec.ulimits = {{"nofile", 100, UINT64_MAX}};
    EXPECT_EQ(store_.run(spec).code, 125);
}

TEST_P(Launch, StacksLayersTopFirst)
{
    test::write_file(store_.layer(2), "etc/which", "two\n");
    test::write_file(store_.layer(3), "etc/which", "three\n");
    EXPECT_EQ(::chmod(store_.layer(3).c_str(), 0711), 0);
    store_.give(store_.layer(2));
    store_.give(store_.layer(3));
    Spec spec = store_.spec("cat /etc/which; stat -c %a /");
    spec.layers = {1, 2, 3};
    EXPECT_EQ(store_.run(spec).output, "three\n711\n");
    spec.layers.assign(127, 2);
    for (unsigned i = 0; i < 126; i++) {
        spec.layers[i] = 100000 + i;
        EXPECT_OK(fs::make_directories(store_.layer(100000 + i)));
        store_.give(store_.layer(100000 + i));
    }
    spec.layers[0] = 1;
    EXPECT_EQ(store_.run(spec).output, "two\n755\n");
    spec.layers.push_back(3);
    EXPECT_NE(store_.run(spec).output.find("at most 127"), String::npos);
}

TEST_P(Launch, DiesWithItsMonitor)
{
    Spec spec = store_.spec("echo started; sleep 1000");
    for (const char* user : {"root", "app"}) {
        spec.user = user;
        test::Ran ran = store_.run_killed(spec);
        EXPECT_EQ(ran.output, "started\n");
        EXPECT_EQ(ran.code, 128 + SIGKILL);
    }
}

TEST_P(Launch, IsConfinedAsDockerDoes)
{
    Spec spec = store_.spec(
        "grep -E '^(CapBnd|CapAmb|CapInh|Seccomp|NoNewPrivs):' /proc/self/status; "
        "mkdir /tmp/m; mount -t tmpfs none /tmp/m 2>&1 || echo no");
    test::Ran ran = store_.run(spec);
    // Root without a cgroup has no device filter, and so may not make nodes.
    const char* bounding = ordinary() ? "00000000a80425fb" : "00000000a00425fb";
    EXPECT_NE(ran.output.find(str::format("CapBnd:\t%s", bounding)), ran.output.npos) << ran.output;
    EXPECT_NE(ran.output.find("CapAmb:\t0000000000000000"), ran.output.npos);
    EXPECT_NE(ran.output.find("Seccomp:\t2"), ran.output.npos);
    EXPECT_NE(ran.output.find("NoNewPrivs:\t0"), ran.output.npos);
    EXPECT_NE(ran.output.find("no\n"), ran.output.npos);
    spec.no_new_privileges = true;
    EXPECT_NE(store_.run(spec).output.find("NoNewPrivs:\t1"), String::npos);
}

TEST(LaunchSingle, LetsOwnersChangeInAppearanceOnly)
{
    if (!test::TestStore::can_run())
        GTEST_SKIP() << "needs root and a static /bin/busybox";
    test::TestStore store(kOrdinary);
    EXPECT_EQ(
        store.run("touch /x && chown 33:33 /x && stat -c %u:%g /x; cat /proc/self/uid_map").output,
        "0:0\n         0      12345          1\n");
}

}  // namespace

}  // namespace kist::container
