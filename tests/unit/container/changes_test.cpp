// changes_test.cpp - what is found to have changed, in an overlay's layer and in a copied root.

#include "container/changes.h"

#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/string.h"
#include "base/vector.h"
#include "check.h"
#include "container/container_fixture.h"

namespace kist::container {

using namespace test;

namespace {

class Changes : public ::testing::Test {
protected:
    Changes()
    {
        spec_.id = "c";
        spec_.layers = {1, 2};
        write_file(layer(1), "etc/passwd", "1");
        write_file(layer(1), "etc/group", "1");
        write_file(layer(1), "gone/f", "1");
        write_file(layer(1), "opaque/hidden", "1");
        write_file(layer(2), "opaque/seen", "2");
        write_file(layer(2), "etc/hosts.d/a", "2");
        mark(layer(2) + "/gone");
        opaque(layer(2) + "/opaque");
    }

    String layer(int number) const { return top_.path() + str::format("/layers/%d/tree", number); }
    String own(const char* name) const { return top_.path() + "/containers/c/" + name; }

    static void mark(const String& path)
    {
        ASSERT_EQ(::mknod(path.c_str(), S_IFCHR, makedev(0, 0)), 0);
    }
    static void opaque(const String& path)
    {
        ASSERT_EQ(::setxattr(path.c_str(), "user.overlay.opaque", "y", 1, 0), 0);
    }
    // As overlayfs copies a directory up.
    void like(const String& path, const String& from) const
    {
        struct stat facts;
        ASSERT_EQ(::stat(from.c_str(), &facts), 0);
        timespec times[2] = {facts.st_atim, facts.st_mtim};
        ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
    }

    String found()
    {
        auto store = sys::open(top_.path(), O_PATH | O_DIRECTORY);
        auto changes =
            store ? find_changes(spec_, *store) : Result<Vector<Change>>(std::move(store).error());
        if (!changes)
            return changes.error().message();
        String text;
        for (const Change& change : *changes)
            text += str::format("%c %s\n", change.kind, change.path.c_str());
        return text;
    }

    TemporaryDirectory top_;
    Spec spec_;
};

TEST_F(Changes, AreNoneInOneThatNeverRan)
{
    EXPECT_OK(fs::make_directories(own("")));
    EXPECT_EQ(found(), "");
}

TEST_F(Changes, AreReadFromTheUpperDirectory)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "needs root, to make whiteouts";
    write_file(own("upper"), "etc/passwd", "changed");
    mark(own("upper/etc/group"));
    mark(own("upper/etc/never-was"));
    write_file(own("upper"), "gone/again", "new");
    write_file(own("upper"), "opaque/seen", "2");
    like(own("upper/opaque"), layer(2) + "/opaque");
    write_file(own("upper"), "new/deep/f", "");
    write_file(own("upper"), "etc/hosts", "");  // where kist mounts its own
    write_file(own("upper"), "dev/console", "");
    EXPECT_EQ(found(),
              "C /etc\nD /etc/group\nC /etc/passwd\nA /gone\nA /gone/again\nA /new\nA /new/deep\n"
              "A /new/deep/f\nC /opaque/seen\n");
}

TEST_F(Changes, OfADirectoryAreItsNamesAndAttributesNotThatItWasCopiedUp)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "needs root, to make whiteouts";
    write_file(own("upper"), "opaque/seen", "changed");
    like(own("upper/opaque"), layer(2) + "/opaque");
    EXPECT_EQ(found(), "C /opaque/seen\n");
    ::chmod(own("upper/opaque").c_str(), 0700);
    EXPECT_EQ(found(), "C /opaque\nC /opaque/seen\n");
    opaque(own("upper/opaque"));
    ::unlink(own("upper/opaque/seen").c_str());
    EXPECT_EQ(found(), "C /opaque\nD /opaque/seen\n");
}

TEST_F(Changes, OfACopiedRootAreFoundByComparing)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "needs root, to make whiteouts";
    String root = own("root");
    EXPECT_OK(fs::make_directories(own("")));
    ASSERT_EQ(::system(("cp -a " + layer(1) + " " + root + " && rm -r " + root + "/gone " + root +
                        "/opaque && cp -a " + layer(2) + "/etc/hosts.d " + root + "/etc && cp -a " +
                        layer(2) + "/opaque " + root + " && touch -r " + layer(2) + "/etc " + root +
                        "/etc && touch " + own("copied"))
                           .c_str()),
              0);
    EXPECT_EQ(found(), "");
    write_file(root, "etc/passwd", "longer than it was");
    write_file(root, "new", "");
    ::unlink((root + "/etc/group").c_str());
    EXPECT_EQ(found(), "C /etc\nD /etc/group\nC /etc/passwd\nA /new\n");
}

}  // namespace

}  // namespace kist::container
