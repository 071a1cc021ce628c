// delegation_test.cpp - finding our part of the cgroup tree, and handing controllers down in it.

#include "container/delegation.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "base/string.h"
#include "check.h"
#include "fake_cgroups.h"

namespace kist::container {

namespace {

using test::FakeCgroups;

TEST(Delegation, IsTheRootOfTheTreeForRoot)
{
    FakeCgroups tree;
    tree.cgroup("/user.slice");
    tree.cgroup("/user.slice/session-1.scope");
    tree.be_in("/user.slice/session-1.scope");
    Delegation place = MUST(tree.find());
    EXPECT_EQ(place.mount, tree.mount());
    EXPECT_EQ(place.path, tree.mount());
    EXPECT_EQ(place.own, tree.mount() + "/user.slice/session-1.scope");
    EXPECT_TRUE(place.real_root);
}

TEST(Delegation, IsTheHighestCgroupThatTheUserMayWrite)
{
    FakeCgroups tree;
    tree.cgroup("/a");
    tree.cgroup("/a/b");
    tree.cgroup("/a/b/c");
    tree.be_in("/a/b/c");
    if (geteuid() != 0)
        GTEST_SKIP() << "needs root";
    // As a user who owns b and c, but not a.
    chmod(tree.root().c_str(), 0755);
    for (const char* path : {"/a/b", "/a/b/c"})
        for (const char* file : {"", "/cgroup.procs", "/cgroup.subtree_control"})
            ASSERT_EQ(chown((tree.mount() + path + file).c_str(), 12345, 12345), 0);
    pid_t child = fork();
    if (child == 0) {
        if (setresuid(12345, 12345, 12345) != 0)
            _exit(1);
        auto place = tree.find();
        _exit(place && place->path == tree.mount() + "/a/b" && !place->real_root ? 0 : 2);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0);

    tree.be_in("/a");
    child = fork();
    if (child == 0) {
        if (setresuid(12345, 12345, 12345) != 0)
            _exit(1);
        auto place = tree.find();
        _exit(!place && place.error().is(EACCES) && !place.error().hint().empty() ? 0 : 2);
    }
    waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Delegation, OfTheUsersSystemdIsItsService)
{
    FakeCgroups tree;
    EXPECT_ERROR(find_user_manager(tree.root()), ENOENT, "does not run");
    String service = str::format("/user.slice/user-%u.slice/user@%u.service", geteuid(), geteuid());
    tree.cgroup(service);
    EXPECT_EQ(MUST(find_user_manager(tree.root())).path, tree.mount() + service);
}

TEST(Delegation, IsTheNearestOneThatSystemdMarked)
{
    FakeCgroups tree;
    tree.cgroup("/user.service");
    tree.cgroup("/user.service/app.slice");
    tree.cgroup("/user.service/app.slice/run.scope");
    tree.be_in("/user.service/app.slice/run.scope");
    String user = tree.mount() + "/user.service";
    String scope = user + "/app.slice/run.scope";
    if (setxattr(user.c_str(), "trusted.delegate", "1", 1, 0) < 0 &&
        setxattr(user.c_str(), "user.delegate", "1", 1, 0) < 0)
        GTEST_SKIP() << "the file system of /tmp has no extended attributes for us";
    EXPECT_EQ(MUST(tree.find()).path, user);
    if (setxattr(scope.c_str(), "trusted.delegate", "1", 1, 0) < 0)
        ASSERT_EQ(setxattr(scope.c_str(), "user.delegate", "1", 1, 0), 0);
    EXPECT_EQ(MUST(tree.find()).path, scope);

    // But not when others live in it: they would be in the way of controllers.
    tree.write("tree/user.service/app.slice/run.scope/cgroup.procs", "1\n");
    EXPECT_EQ(MUST(tree.find()).path, user);
}

TEST(Delegation, NeedsAMountOfVersion2)
{
    FakeCgroups tree;
    tree.write("proc/self/mountinfo", "30 1 0:26 / /proc rw - proc proc rw\n");
    EXPECT_ERROR(tree.find(), ENOTSUP, "cgroup v2 is not mounted");
    tree.write("proc/self/mountinfo",
               "garbage\n1 2\n30 1 0:26 / /x rw - cgroup cgroup rw,memory\n");
    EXPECT_ERROR(tree.find(), ENOTSUP, "cgroup v1 only");
    tree.write("proc/self/mountinfo", "");
    EXPECT_ERROR(tree.find(), ENOTSUP, "not mounted");
}

TEST(Delegation, SeesThroughPartialMountsAndEscapes)
{
    FakeCgroups tree;
    tree.cgroup("/with space");
    tree.cgroup("/with space/own");
    String escaped = tree.mount() + "/with\\040space";
    tree.write("proc/self/mountinfo",
               "29 1 0:9 /other /nowhere rw - cgroup2 none rw\n"
               "30 1 0:9 /part " +
                   escaped + " rw - cgroup2 none rw\n");
    tree.be_in("/part/own");
    Delegation place = MUST(tree.find());
    EXPECT_EQ(place.own, tree.mount() + "/with space/own");
    EXPECT_EQ(place.path, tree.mount() + "/with space");
    EXPECT_FALSE(place.real_root);

    for (const char* path : {"/elsewhere", "/partly/own", "/../outside", "/part/own (deleted)"}) {
        tree.be_in(path);
        EXPECT_ERROR(tree.find(), EACCES, "delegated") << path;
    }
}

TEST(Delegation, DoesNotBelieveMountinfoOnARealSystem)
{
    auto place = find_delegation();
    if (place)
        EXPECT_FALSE(place->mount.empty());
    else
        EXPECT_FALSE(place.error().hint().empty());
}

TEST(HandDown, TurnsAControllerOnFromTheTop)
{
    FakeCgroups tree;
    tree.cgroup("/kist");
    Delegation place = MUST(tree.find());
    EXPECT_OK(hand_down(place, place.path + "/kist", "memory"));
    EXPECT_EQ(tree.read("tree/cgroup.subtree_control"), "+memory");
    EXPECT_EQ(tree.read("tree/kist/cgroup.subtree_control"), "+memory");

    // What is on is left alone.
    tree.write("tree/cgroup.subtree_control", "cpu memory\n");
    tree.write("tree/kist/cgroup.subtree_control", "memory\n");
    EXPECT_OK(hand_down(place, place.path + "/kist", "memory"));
    EXPECT_EQ(tree.read("tree/cgroup.subtree_control"), "cpu memory\n");
}

TEST(HandDown, MovesOurselvesIntoALeaf)
{
    FakeCgroups tree;
    tree.cgroup("/mine");
    tree.cgroup("/mine/kist");
    tree.cgroup("/mine/kist/self");
    tree.be_in("/mine");
    tree.write("tree/mine/cgroup.procs", str::format("%d\n", getpid()));
    Delegation place = MUST(tree.find());
    place.path = tree.mount() + "/mine";
    place.real_root = false;
    EXPECT_OK(hand_down(place, place.path + "/kist", "pids"));
    EXPECT_EQ(tree.read("tree/mine/kist/self/cgroup.procs"), kist::test::to_text(getpid()));
    EXPECT_EQ(tree.read("tree/mine/cgroup.subtree_control"), "+pids");
}

TEST(HandDown, LeavesOthersWhereTheyAreAndNamesThem)
{
    pid_t other = fork();
    if (other == 0) {
        execl("/bin/sleep", "sleep", "60", nullptr);
        _exit(1);
    }
    FakeCgroups tree;
    tree.cgroup("/mine");
    tree.cgroup("/mine/kist");
    tree.cgroup("/mine/kist/self");
    tree.write("tree/mine/cgroup.procs", str::format("%d\n%d\n", getpid(), other));
    Delegation place = MUST(tree.find());
    place.path = tree.mount() + "/mine";
    place.real_root = false;
    String program = str::format("/proc/%d/comm", other);
    for (int i = 0; i < 100 && fs::read_path(program).take() != "sleep\n"; i++)
        usleep(10'000);
    auto done = hand_down(place, place.path + "/kist", "pids");
    EXPECT_ERROR(done, EBUSY, str::format("sleep (%d)", other));
    EXPECT_EQ(tree.read("tree/mine/kist/self/cgroup.procs"), "");
    EXPECT_EQ(tree.read("tree/mine/cgroup.subtree_control"), "");
    kill(other, SIGKILL);
    waitpid(other, nullptr, 0);
}

struct Missing {
    const char* controller;
    const char* own;  // /proc/self/cgroup
    const char* cmdline;
    const char* model;  // of the device tree
    const char* words;
    const char* hint;
};

TEST(MissingController, IsExplained)
{
    const Missing kCases[] = {
        {"memory", "0::/\n", "quiet cgroup_disable=memory", "Raspberry Pi 3 Model B",
         "Raspberry Pi", "cgroup_enable=memory cgroup_memory=1"},
        {"memory", "0::/\n", "quiet", "Raspberry Pi 4 Model B", "Raspberry Pi", "cmdline.txt"},
        {"memory", "0::/\n", "quiet cgroup_disable=pids,memory x\n", "", "cgroup_disable=memory",
         "cgroup_enable=memory cgroup_memory=1"},
        {"pids", "0::/\n", "cgroup_disable=pids", "", "cgroup_disable=pids", "remove it"},
        {"memory", "4:memory:/x\n0::/\n", "", "", "in use by cgroup v1", "cgroup_no_v1=all"},
        {"io", "4:cpu,cpuacct:/\n3:blkio:/\n0::/\n", "", "", "in use by cgroup v1", "unified"},
        {"io", "0::/\n", "", "", "no io controller", "CONFIG_BLK_CGROUP"},
        {"cpuset", "0::/\n", "cgroup_disable=memory", "", "no cpuset controller", "CONFIG_CPUSETS"},
        {"misc2", "0::/\n", "", "", "there is no cgroup controller \"misc2\"", ""},
    };
    for (const Missing& row : kCases) {
        FakeCgroups tree;
        tree.cgroup("", false, "hugetlb\n");
        tree.write("proc/self/cgroup", row.own);
        tree.write("proc/cmdline", row.cmdline);
        tree.write("proc/device-tree/model", row.model);
        Error error = missing_controller(MUST(tree.find()), row.controller);
        EXPECT_NE(error.message().find(row.words), String::npos) << error.message();
        EXPECT_NE(error.hint().find(row.hint), String::npos) << error.hint();
    }
}

TEST(MissingController, NamesWhoKeepsIt)
{
    FakeCgroups tree;
    tree.cgroup("", false, "cpu memory\n", "cpu memory\n");
    tree.cgroup("/a", true, "cpu memory\n", "cpu\n");
    tree.cgroup("/a/mine", true, "cpu\n");
    Delegation place = MUST(tree.find());
    place.path = place.own = tree.mount() + "/a/mine";
    Error error = missing_controller(place, "memory");
    EXPECT_NE(error.message().find("not delegated"), String::npos) << error.message();
    EXPECT_NE(error.hint().find("echo +memory > " + tree.mount() + "/a/cgroup.subtree_control"),
              String::npos)
        << error.hint();
    tree.write("run/systemd/system/x", "");
    EXPECT_NE(missing_controller(place, "memory").hint().find("Delegate="), String::npos);

    EXPECT_ERROR(hand_down(place, place.path, "memory"), EACCES, "not delegated");
}

}  // namespace

}  // namespace kist::container
