// sys_test.cpp - base/sys.h

#include "base/sys.h"
#include "base/string.h"

#include <poll.h>
#include <sys/wait.h>

#include "base/fs.h"
#include "check.h"
#include "temporary.h"

namespace kist {
namespace {

TEST(Sys, ErrorsNameTheCallAndItsObject)
{
    EXPECT_ERROR(sys::open("/no/such", O_RDONLY), ENOENT, "open /no/such: No such file");
    test::TemporaryDirectory place;
    EXPECT_ERROR(sys::unlink_at(place.fd(), "x"), ENOENT, "unlink x");
    EXPECT_ERROR(sys::readlink_at(place.fd(), "x"), ENOENT, "readlink x");
}

TEST(Sys, DescriptorsAreCloseOnExec)
{
    Fd file = MUST(sys::open("/dev/null", O_RDONLY));
    Fd copy = MUST(sys::duplicate(file));
    sys::Pipe pipe = MUST(sys::pipe());
    sys::Pipe pair = MUST(sys::socket_pair());
    for (const Fd* fd : {&file, &copy, &pipe.reader, &pipe.writer, &pair.reader, &pair.writer})
        EXPECT_EQ(::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST(Sys, NothingLeadsOutOfARoot)
{
    test::TemporaryDirectory place;
    Fd root = MUST(fs::make_directory(place.fd(), "root/etc"));
    root = MUST(sys::open_at(place.fd(), "root", O_RDONLY | O_DIRECTORY));
    EXPECT_OK(fs::replace(place.fd(), "secret", "outside"));
    EXPECT_OK(fs::replace(root, "secret", "inside"));
    EXPECT_OK(sys::symlink_at("../../secret", root, "up"));
    EXPECT_OK(sys::symlink_at("/secret", root, "absolute"));
    EXPECT_OK(sys::symlink_at("loop", root, "loop"));
    for (const char* name :
         {"secret", "/secret", "../secret", "etc/../../secret", "up", "absolute"}) {
        Fd file = MUST(sys::open_in_root(root, name, O_RDONLY));
        EXPECT_EQ(MUST(sys::read_all(file, 100)), "inside") << name;
    }
    EXPECT_ERROR(sys::open_in_root(root, "loop", O_RDONLY), ELOOP, "loop");
    EXPECT_ERROR(sys::open_in_root(root, "none", O_RDONLY), ENOENT, "none");
}

TEST(Sys, ALongLinkIsReadWhole)
{
    test::TemporaryDirectory place;
    String target(3000, 'x');
    EXPECT_OK(sys::symlink_at(target, place.fd(), "link"));
    EXPECT_EQ(MUST(sys::readlink_at(place.fd(), "link")), target);
}

TEST(Sys, LocksExcludeEachOther)
{
    test::TemporaryDirectory place;
    Fd first = MUST(sys::open_at(place.fd(), "lock", O_RDWR | O_CREAT, 0600));
    Fd second = MUST(sys::open_at(place.fd(), "lock", O_RDWR));
    EXPECT_OK(sys::lock(first, sys::Lock::exclusive));
    EXPECT_FALSE(MUST(sys::try_lock(second, sys::Lock::shared)));
    first.close();
    EXPECT_TRUE(MUST(sys::try_lock(second, sys::Lock::exclusive)));
}

TEST(Sys, AProcessIsSignalledThroughItsPidfd)
{
    pid_t child = ::fork();
    if (child == 0) {
        ::pause();
        _exit(0);
    }
    Fd process = MUST(sys::pidfd_open(child));
    EXPECT_OK(sys::pidfd_send_signal(process, 0));
    EXPECT_OK(sys::pidfd_send_signal(process, SIGKILL));
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
    EXPECT_ERROR(sys::pidfd_send_signal(process, 0), ESRCH, "signal 0");
}

}  // namespace
}  // namespace kist
