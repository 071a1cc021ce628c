// file_stream_test.cpp - base/file_stream.h

#include "base/file_stream.h"
#include "base/string.h"

#include "check.h"
#include "temporary.h"

namespace kist {
namespace {

String all_of(Reader& reader)
{
    String text;
    for (;;) {
        auto bytes = reader.next();
        EXPECT_OK(bytes);
        if (!bytes || (*bytes).empty())
            return text;
        text += *bytes;
    }
}

TEST(FileStream, WhatIsWrittenIsRead)
{
    test::TemporaryDirectory place;
    Fd file = MUST(sys::open_at(place.fd(), "file", O_RDWR | O_CREAT, 0600));
    FileWriter writer(file);
    String text(300'000, 'a');
    EXPECT_OK(writer.write(text));
    EXPECT_OK(writer.write("end"));
    ASSERT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
    FileReader reader(file);
    EXPECT_EQ(all_of(reader), text + "end");
    EXPECT_EQ(MUST(reader.next()), "");
}

TEST(FileStream, AFileIsSkippedNoFurtherThanItsEnd)
{
    test::TemporaryDirectory place;
    EXPECT_OK(fs::replace(place.fd(), "file", String(200'000, 'a') + "end"));
    Fd file = MUST(sys::open_at(place.fd(), "file", O_RDONLY));
    FileReader reader(file);
    EXPECT_EQ(MUST(reader.skip_over(200'000)), 200'000u);
    EXPECT_EQ(all_of(reader), "end");
    EXPECT_EQ(MUST(reader.skip_over(200'000)), 0u);
    ASSERT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
    EXPECT_EQ(MUST(reader.skip_over(1'000'000)), 200'003u);
    EXPECT_EQ(all_of(reader), "");
}

TEST(FileStream, AStreamHasToBeRead)
{
    sys::Pipe pipe = MUST(sys::pipe());
    EXPECT_OK(sys::write_all(pipe.writer, "abc"));
    pipe.writer.close();
    FileReader reader(pipe.reader);
    EXPECT_EQ(MUST(reader.skip_over(1'000'000)), 0u);
    EXPECT_EQ(all_of(reader), "abc");
}

}  // namespace
}  // namespace kist
