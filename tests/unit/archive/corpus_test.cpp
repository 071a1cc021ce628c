// corpus_test.cpp - the archives that Go's archive/tar and Rust's tar crate are tested with.
//
// KIST_TAR_DATA names a directory that holds them in go/ and tar-rs/; without it the test is
// skipped. Go refuses what is refused here as well; writer-big* are cut short behind their headers
// and the one in bzip2 is not unpacked.  The others were compared with what GNU tar and Python's
// tarfile list.

#include "archive/tree_fixture.h"
#include "base/string.h"
#include "check.h"

namespace kist::archive {

using namespace test;

namespace {

struct Archive {
    const char* file;
    uint64_t entries;
    uint64_t bytes;
    const char* refused;  // in these words; null when it is good
};

// clang-format off
constexpr Archive kArchives[] = {
    {"go/file-and-dir.tar", 2, 5, nullptr},
    {"go/gnu-incremental.tar", 3, 64, nullptr},
    {"go/gnu-long-nul.tar", 1, 0, nullptr},
    {"go/gnu-multi-hdrs.tar", 1, 0, nullptr},
    {"go/gnu-nil-sparse-data.tar", 1, 1000, nullptr},
    {"go/gnu-nil-sparse-hole.tar", 1, 0, nullptr},
    {"go/gnu-not-utf8.tar", 1, 0, nullptr},
    {"go/gnu-sparse-big.tar", 1, 3072, nullptr},
    {"go/gnu-utf8.tar", 1, 0, nullptr},
    {"go/gnu.tar", 2, 16, nullptr},
    {"go/hardlink.tar", 2, 15, nullptr},
    {"go/hdr-only.tar", 16, 92, nullptr},
    {"go/invalid-go17.tar", 1, 0, nullptr},
    {"go/issue10968.tar", 0, 0, "a number out of range"},
    {"go/issue11169.tar", 0, 0, "a damaged pax header"},
    {"go/issue12435.tar", 0, 0, "a number out of range"},
    {"go/neg-size.tar", 0, 0, "a number out of range"},
    {"go/nil-uid.tar", 1, 14, nullptr},
    {"go/pax-bad-hdr-file.tar", 0, 0, "a damaged pax header"},
    {"go/pax-bad-hdr-large.tar.bz2", 0, 0, "the archive ends in the middle"},
    {"go/pax-bad-mtime-file.tar", 0, 0, "is not a number in range"},
    {"go/pax-global-records.tar", 4, 0, nullptr},
    {"go/pax-multi-hdrs.tar", 1, 0, nullptr},
    {"go/pax-nil-sparse-data.tar", 1, 1000, nullptr},
    {"go/pax-nil-sparse-hole.tar", 1, 0, nullptr},
    {"go/pax-nul-path.tar", 0, 0, "a name with a NUL in it"},
    {"go/pax-nul-xattrs.tar", 0, 0, "an extended attribute without a proper name"},
    {"go/pax-path-hdr.tar", 0, 0, nullptr},
    {"go/pax-pos-size-file.tar", 1, 999, nullptr},
    {"go/pax-records.tar", 1, 0, nullptr},
    {"go/pax-sparse-big.tar", 1, 3072, nullptr},
    {"go/pax.tar", 2, 7, nullptr},
    {"go/sparse-formats.tar", 5, 384, nullptr},
    {"go/star.tar", 2, 16, nullptr},
    {"go/trailing-slash.tar", 1, 0, nullptr},
    {"go/ustar-file-devs.tar", 1, 0, nullptr},
    {"go/ustar-file-reg.tar", 1, 684, nullptr},
    {"go/ustar.tar", 1, 6, nullptr},
    {"go/v7.tar", 2, 16, nullptr},
    {"go/writer-big-long.tar", 0, 0, "the archive ends in the middle"},
    {"go/writer-big.tar", 0, 0, "the archive ends in the middle"},
    {"go/writer.tar", 3, 16, nullptr},
    {"go/xattrs.tar", 2, 16, nullptr},
    {"tar-rs/7z_long_path.tar", 2, 0, nullptr},
    {"tar-rs/biguid_gnu.tar", 1, 14, nullptr},
    {"tar-rs/biguid_pax.tar", 1, 14, nullptr},
    {"tar-rs/directory.tar", 3, 2, nullptr},
    {"tar-rs/duplicate_dirs.tar", 2, 0, nullptr},
    {"tar-rs/empty_filename.tar", 1, 0, nullptr},
    {"tar-rs/file_times.tar", 1, 0, nullptr},
    {"tar-rs/link.tar", 2, 14, nullptr},
    {"tar-rs/pax.tar", 2, 3150, nullptr},
    {"tar-rs/pax2.tar", 5, 32, nullptr},
    {"tar-rs/pax_size.tar", 1, 4, nullptr},
    {"tar-rs/reading_files.tar", 2, 44, nullptr},
    {"tar-rs/simple.tar", 3, 0, nullptr},
    {"tar-rs/simple_missing_last_header.tar", 3, 0, nullptr},
    {"tar-rs/spaces.tar", 1, 2, nullptr},
    {"tar-rs/sparse-1.tar", 1, 4108, nullptr},
    {"tar-rs/sparse-large.tar", 1, 1664, nullptr},
    {"tar-rs/sparse.tar", 4, 4526, nullptr},
    {"tar-rs/xattrs.tar", 2, 0, nullptr},
};
// clang-format on

class Corpus : public TreeTest {};

TEST_F(Corpus, IsReadAsOthersReadIt)
{
    const char* data = ::getenv("KIST_TAR_DATA");
    if (!data)
        GTEST_SKIP() << "KIST_TAR_DATA does not point to the archives of Go and tar-rs";
    for (const Archive& archive : kArchives) {
        String bytes = MUST(fs::read_path(String(data) + "/" + archive.file, 64 << 20));
        ASSERT_TRUE(fs::remove_tree(sys::borrow(AT_FDCWD), tree_));
        ASSERT_EQ(::mkdir(tree_.c_str(), 0755), 0);
        auto applied = apply(bytes, {.make_devices = false});
        SCOPED_TRACE(archive.file);
        if (archive.refused) {
            EXPECT_ERROR(applied, EBADMSG, archive.refused);
            continue;
        }
        EXPECT_OK(applied);
        EXPECT_EQ(applied ? applied->entries : 0, archive.entries);
        EXPECT_EQ(applied ? applied->bytes : 0, archive.bytes);
    }
}

// All five forms of the same sparse file.
TEST_F(Corpus, HasSparseFilesThatAreAlikeInEveryFormat)
{
    const char* data = ::getenv("KIST_TAR_DATA");
    if (!data)
        GTEST_SKIP() << "KIST_TAR_DATA does not point to the archives of Go and tar-rs";
    String bytes = MUST(fs::read_path(String(data) + "/go/sparse-formats.tar"));
    EXPECT_OK(apply(bytes));
    String gnu = contents_of("sparse-gnu");
    EXPECT_EQ(gnu.size(), 200u);
    for (const char* other : {"sparse-posix-0.0", "sparse-posix-0.1", "sparse-posix-1.0"})
        EXPECT_EQ(contents_of(other), gnu) << other;
}

}  // namespace
}  // namespace kist::archive
