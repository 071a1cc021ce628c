// parcel_test.cpp - messages that carry descriptors.

#include "base/parcel.h"

#include <unistd.h>

#include "base/fs.h"
#include "base/sys.h"
#include "check.h"

namespace kist {
namespace {

size_t open_descriptors()
{
    auto directory = sys::open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
    auto names = fs::list(*directory);
    return names->size();
}

Vector<Fd> some_files(size_t count)
{
    Vector<Fd> files;
    while (files.size() < count)
        files.push_back(sys::open("/dev/null", O_RDONLY).take());
    return files;
}

TEST(Parcel, CarriesDescriptorsInTheirOrder)
{
    sys::Pipe pair = MUST(sys::socket_pair()), pipe = MUST(sys::pipe());
    Vector<Fd> files;
    files.push_back(MUST(sys::duplicate(pipe.reader)));
    files.push_back(MUST(sys::duplicate(pipe.writer)));
    EXPECT_OK(send_parcel(pair.writer, "two", files));
    auto parcel = MUST(receive_parcel(pair.reader, 100));
    ASSERT_TRUE(parcel);
    EXPECT_EQ(parcel->bytes, "two");
    ASSERT_EQ(parcel->files.size(), 2u);
    EXPECT_OK(sys::write_all(parcel->files[1], "x"));
    char byte = 0;
    EXPECT_EQ(MUST(sys::read(parcel->files[0], &byte, 1)), 1u);
}

TEST(Parcel, CarriesAsManyAsItSays)
{
    sys::Pipe pair = MUST(sys::socket_pair());
    EXPECT_OK(send_parcel(pair.writer, "all", some_files(kMaxParcelFiles)));
    EXPECT_EQ(MUST(receive_parcel(pair.reader, 100))->files.size(), kMaxParcelFiles);
}

TEST(Parcel, ThatIsRefusedLeavesNothingOpen)
{
    sys::Pipe pair = MUST(sys::socket_pair());
    Vector<Fd> files = some_files(3);
    size_t before = open_descriptors();
    EXPECT_OK(send_parcel(pair.writer, "too long", files));
    EXPECT_OK(send_parcel(pair.writer, "", files));
    EXPECT_OK(send_parcel(pair.writer, "next", {}));
    EXPECT_TRUE(receive_parcel(pair.reader, 4).error().is(EMSGSIZE));
    EXPECT_FALSE(MUST(receive_parcel(pair.reader, 4)));  // as if the other end had gone
    EXPECT_EQ(MUST(receive_parcel(pair.reader, 4))->bytes, "next");
    EXPECT_EQ(open_descriptors(), before);
}

TEST(Parcel, DoesNotWaitWhenToldSo)
{
    sys::Pipe pair = MUST(sys::socket_pair());
    Result<void> sent;
    for (int i = 0; i < 10000 && sent; i++)
        sent = send_parcel(pair.writer, "on and on", {}, false);
    EXPECT_TRUE(sent.error().is(EAGAIN));
    pair.reader.close();
    EXPECT_TRUE(send_parcel(pair.writer, "gone").error().is(EPIPE));
}

TEST(Outcome, TellsWhatWentWrongAndWhatToDo)
{
    sys::Pipe pair = MUST(sys::socket_pair());
    EXPECT_OK(send_outcome(pair.writer, Error(ENOSPC, "no room").with_hint("make some")));
    EXPECT_OK(send_outcome(pair.writer, {}, some_files(1)));
    EXPECT_OK(send_parcel(pair.writer, "?"));
    auto failed = receive_outcome(pair.reader);
    EXPECT_ERROR(failed, ENOSPC, "no room");
    EXPECT_EQ(failed.error().hint(), "make some");
    EXPECT_EQ(MUST(receive_outcome(pair.reader)).size(), 1u);
    EXPECT_ERROR(receive_outcome(pair.reader), EBADMSG, "unreadable");
    pair.writer.close();
    EXPECT_ERROR(receive_outcome(pair.reader), EPIPE, "without a word");
}

TEST(Outcome, IsHeardOfWhoHangsUpOnWhatWasSent)
{
    sys::Pipe pair = MUST(sys::socket_pair());
    EXPECT_OK(send_parcel(pair.writer, "unread"));
    EXPECT_OK(send_outcome(pair.reader, Error(EMFILE, "no room")));
    pair.reader.close();
    EXPECT_ERROR(receive_outcome(pair.writer), EMFILE, "no room");
    EXPECT_ERROR(receive_outcome(pair.writer), EPIPE, "without a word");
}

TEST(InChild, PassesOnHowItHasEndedAndWhatItBrings)
{
    int lucky = 7;
    auto work = [](void* context, Vector<Fd>& files) -> Result<void> {
        if ((*static_cast<int*>(context))++ != 7)
            return Error(EPERM, "not lucky").with_hint("try 7");
        files.push_back(TRY(sys::open("/dev/null", O_RDONLY)));
        return {};
    };
    EXPECT_EQ(MUST(in_child(work, &lucky)).size(), 1u);
    EXPECT_EQ(lucky, 7);  // a child's is its own
    lucky = 8;
    EXPECT_ERROR(in_child(work, &lucky), EPERM, "not lucky");
    auto die = [](void*, Vector<Fd>&) -> Result<void> { ::_exit(1); };
    EXPECT_ERROR(in_child(die, nullptr), EPIPE, "without a word");
}

}  // namespace
}  // namespace kist
