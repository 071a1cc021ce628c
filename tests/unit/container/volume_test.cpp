// volume_test.cpp - the store of volumes, and filling them from an image.

#include <sys/stat.h>
#include <unistd.h>

#include "base/string.h"
#include "base/vector.h"
#include "check.h"
#include "container/volume_fill.h"
#include "container/volume_store.h"
#include "container/volume_use.h"
#include "temporary.h"

namespace kist::container {
namespace {

constexpr fs::Durable kYes = fs::Durable::yes;
constexpr mode_t kModes = 07777;

class Volumes : public ::testing::Test {
protected:
    VolumeStore store() { return VolumeStore::open(root_.fd()).take(); }
    void make(const String& name)
    {
        VolumeInfo info;
        info.name = name;
        EXPECT_OK(store().make(std::move(info), kYes));
    }
    String path(const String& name) const { return root_.path() + "/volumes/" + name; }
    static void write(const String& path, std::string_view text)
    {
        Fd file = sys::open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640).take();
        EXPECT_OK(sys::write_all(file, text));
    }
    static String contents(const String& path)
    {
        auto text = fs::read_path(path);
        return text ? text.take() : "missing";
    }
    Result<void> fill(const String& name, const char* target = "/data")
    {
        Fd volume = TRY(store().open_volume(name));
        return fill_volume(volume, name, image_.fd(), target, kYes);
    }
    // What the image has at /data.
    void make_image()
    {
        String data = image_.path() + "/data";
        ASSERT_EQ(::mkdir(data.c_str(), 0700), 0);
        ASSERT_EQ(::mkdir((data + "/sub").c_str(), 0555), 0);
        write(data + "/file", "from the image");
        ASSERT_EQ(::chmod(data.c_str(), 02751), 0);
        if (::geteuid() == 0) {
            ASSERT_EQ(::chown((data + "/file").c_str(), 1000, 50), 0);
            ASSERT_EQ(::chown(data.c_str(), 1000, 1000), 0);
            ASSERT_EQ(::chmod(data.c_str(), 02751), 0);
        }
    }

    test::TemporaryDirectory root_, image_;
};

TEST_F(Volumes, AreMadeOnceAndListedByName)
{
    make("zeta");
    make("alpha");
    write(path("zeta/_data/file"), "kept");
    VolumeInfo again;
    again.name = "zeta";
    again.labels = {{"other", ""}};
    EXPECT_FALSE(MUST(store().make(std::move(again), kYes)));
    EXPECT_EQ(contents(path("zeta/_data/file")), "kept");

    Vector<VolumeInfo> all = MUST(store().list());
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].name, "alpha");
    EXPECT_TRUE(all[1].labels.empty());
    EXPECT_ERROR(store().find("other"), ENOENT, "no volume \"other\"");
}

TEST_F(Volumes, HaveNamesThatLeadNowhereElse)
{
    for (const char* name : {"..", ".", "", "a/b", "../x", ".lock", "a", "-a", "a\nb", "a b"}) {
        VolumeInfo info;
        info.name = name;
        EXPECT_ERROR(store().make(std::move(info), kYes), EINVAL, "cannot be a volume's name");
        EXPECT_ERROR(store().find(name), EINVAL, "cannot be a volume's name");
    }
}

TEST_F(Volumes, GoOutOfSightAtOnceAndAreSweptWhenTheirRemoverWasKilled)
{
    make("one");
    write(path("one/_data/file"), "x");
    {
        Fd lock = MUST(store().lock());
        VolumeTrash trash = MUST(store().take_out("one", kYes));
        EXPECT_ERROR(store().find("one"), ENOENT, "no volume");
        lock.close();
        EXPECT_OK(store().sweep());  // its remover lives
        EXPECT_EQ(contents(path(trash.name + "/_data/file")), "x");
    }
    ASSERT_EQ(::mkdir(path(".new-1").c_str(), 0700), 0);
    EXPECT_OK(store().sweep());
    EXPECT_EQ(MUST(fs::list(store().directory())), Vector<String>{".lock"});
}

TEST_F(Volumes, WithoutARecordCanStillBeFoundAndRemoved)
{
    String name(64, 'a');
    make(name);
    write(path(name + "/volume.json"), "");
    EXPECT_TRUE(MUST(store().find(name)).anonymous);
    VolumeTrash trash = MUST(store().take_out(name, kYes));
    EXPECT_OK(store().erase(trash));
    EXPECT_TRUE(MUST(store().list()).empty());
    make("spoilt");
    write(path("spoilt/volume.json"), "{\"ver");
    EXPECT_ERROR(store().find("spoilt"), EBADMSG, "damaged");
    make("newer");
    write(path("newer/volume.json"), R"({"version":9,"name":"newer","created":""})");
    EXPECT_ERROR(store().find("newer"), ENOTSUP, "newer kist");
}

TEST_F(Volumes, GetContentsOwnerAndModeOfTheImageOnce)
{
    make_image();
    make("one");
    EXPECT_OK(fill("one"));
    EXPECT_EQ(contents(path("one/_data/file")), "from the image");
    struct stat facts;
    ASSERT_EQ(::stat(path("one/_data").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & kModes, 02751u);
    ASSERT_EQ(::stat(path("one/_data/sub").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & kModes, 0555u);
    ASSERT_EQ(::stat(path("one/_data/file").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & kModes, 0640u);
    if (::geteuid() == 0) {
        EXPECT_EQ(facts.st_uid, 1000u);
        EXPECT_EQ(facts.st_gid, 50u);
    }
    EXPECT_LT(::access(path("one/_filling").c_str(), F_OK), 0);

    ASSERT_EQ(::unlink(path("one/_data/file").c_str()), 0);
    EXPECT_OK(fill("one"));
    EXPECT_EQ(contents(path("one/_data/file")), "missing");
}

TEST_F(Volumes, AreNotFilledWhenTheyHoldSomething)
{
    make_image();
    make("one");
    write(path("one/_data/own"), "mine");
    EXPECT_OK(fill("one"));
    EXPECT_EQ(contents(path("one/_data/file")), "missing");
    EXPECT_TRUE(MUST(store().find("one")).filled);

    make("two");
    EXPECT_OK(fill("two", "/nowhere"));
    EXPECT_FALSE(MUST(store().find("two")).filled);
    EXPECT_OK(fill("two"));
    EXPECT_EQ(contents(path("two/_data/file")), "from the image");
}

TEST_F(Volumes, TakeOwnerAndModeOfAnEmptyDirectoryOnce)
{
    ASSERT_EQ(::mkdir((image_.path() + "/data").c_str(), 0711), 0);
    make("one");
    EXPECT_OK(fill("one"));
    struct stat facts;
    ASSERT_EQ(::stat(path("one/_data").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & kModes, 0711u);
    ASSERT_EQ(::chmod(path("one/_data").c_str(), 0700), 0);
    EXPECT_OK(fill("one"));
    ASSERT_EQ(::stat(path("one/_data").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & kModes, 0700u);
}

TEST_F(Volumes, AreFilledAnewWhenTheCopyWasKilled)
{
    make_image();
    make("one");
    ASSERT_EQ(::mkdir(path("one/_filling").c_str(), 0700), 0);
    write(path("one/_filling/half"), "half");
    EXPECT_OK(fill("one"));
    EXPECT_EQ(contents(path("one/_data/half")), "missing");
    EXPECT_EQ(contents(path("one/_data/file")), "from the image");
}

TEST_F(Volumes, AreFilledOnWhenTheMoveWasKilled)
{
    make_image();
    make("one");
    VolumeInfo info = MUST(store().find("one"));
    info.moving = true;
    EXPECT_OK(write_volume(MUST(store().open_volume("one")), info, kYes));
    ASSERT_EQ(::mkdir(path("one/_filling").c_str(), 0750), 0);
    write(path("one/_filling/second"), "copied");
    write(path("one/_filling/first"), "copied");
    write(path("one/_data/first"), "changed meanwhile");
    EXPECT_OK(fill("one"));
    EXPECT_EQ(contents(path("one/_data/first")), "changed meanwhile");
    EXPECT_EQ(contents(path("one/_data/second")), "copied");
    EXPECT_EQ(contents(path("one/_data/file")), "missing");
    EXPECT_TRUE(MUST(store().find("one")).filled);
    EXPECT_LT(::access(path("one/_filling").c_str(), F_OK), 0);
}

TEST_F(Volumes, AreFilledThroughLinksThatStayInTheImage)
{
    ASSERT_EQ(::symlink("/etc", (image_.path() + "/data").c_str()), 0);
    make("one");
    EXPECT_OK(fill("one"));  // the image has no /etc
    Fd data = MUST(store().open_data("one"));
    EXPECT_TRUE(MUST(fs::list(data)).empty());
    ASSERT_EQ(::mkdir((image_.path() + "/etc").c_str(), 0755), 0);
    write(image_.path() + "/etc/own", "the image's");
    ASSERT_EQ(::symlink("/etc/passwd", (image_.path() + "/etc/link").c_str()), 0);
    EXPECT_OK(fill("one"));
    EXPECT_EQ(contents(path("one/_data/own")), "the image's");
    struct stat facts;
    ASSERT_EQ(::lstat(path("one/_data/link").c_str(), &facts), 0);
    EXPECT_TRUE(S_ISLNK(facts.st_mode));
}

TEST(VolumeOptions, MeanATmpfsOrABind)
{
    Mount asked;
    asked.target = "/t";
    asked.read_only = true;
    Mount mount =
        MUST(mount_of_options({{"type", "tmpfs"}, {"device", "tmpfs"}, {"o", "size=1m"}}, asked));
    EXPECT_TRUE(mount.kind == Mount::Kind::tmpfs && mount.options == "size=1m" && mount.read_only);
    EXPECT_EQ(mount.target, "/t");
    mount =
        MUST(mount_of_options({{"type", "none"}, {"o", "noexec,bind"}, {"device", "/a/../b"}}, {}));
    EXPECT_TRUE(mount.kind == Mount::Kind::bind && mount.must_exist && mount.no_exec);
    EXPECT_EQ(mount.source, "/b");

    const struct {
        json::Map options;
        int code;
        const char* words;
    } kMistakes[] = {
        {{{"type", "nfs"}, {"o", "addr=10.0.0.1"}, {"device", ":/x"}}, ENOTSUP, "\"nfs\""},
        {{{"type", "none"}, {"device", "/x"}}, ENOTSUP, "not supported"},
        {{{"o", "bind"}, {"device", "x"}}, EINVAL, "absolute"},
        {{{"size", "1g"}}, ENOTSUP, "no option \"size\""},
        {{{"type", "tmpfs"}, {"o", "fast"}}, EINVAL, "unknown option"},
    };
    for (auto& mistake : kMistakes)
        EXPECT_ERROR(mount_of_options(mistake.options, {}), mistake.code, mistake.words);
}

}  // namespace
}  // namespace kist::container
