// channel_test.cpp - bytes pass between two threads in order, and both can leave early.

#include "image/channel.h"
#include "base/string.h"
#include "check.h"
#include "image/thread.h"

namespace kist::image {

namespace {

String pattern(size_t size)
{
    String bytes(size, '\0');
    for (size_t i = 0; i < size; i++)
        bytes[i] = static_cast<char>(i * 7 + i / 253);
    return bytes;
}

}  // namespace

TEST(Channel, PassesBytesInOrder)
{
    const String bytes = pattern(5'000'000);
    for (size_t piece : {1000u, 65536u, 200'000u}) {
        Channel channel;
        auto write = [&] {
            for (size_t at = 0; at < bytes.size(); at += piece)
                EXPECT_OK(channel.put(std::string_view(bytes).substr(at, piece)));
            channel.close({});
        };
        Thread writer = MUST(Thread::start(write));
        String got;
        for (;;) {
            std::string_view part = MUST(channel.next());
            if (part.empty())
                break;
            got += part;
        }
        writer.join();
        EXPECT_TRUE(got == bytes) << piece;
        EXPECT_TRUE(MUST(channel.next()).empty());
    }
}

TEST(Channel, PassesAnErrorOn)
{
    Channel channel;
    EXPECT_OK(channel.put("some"));
    channel.close(Error(ECONNRESET, "it broke"));
    EXPECT_ERROR(channel.next(), ECONNRESET, "it broke");
}

TEST(Channel, StopsTheWriterWhenTheReaderLeaves)
{
    Channel channel;
    Result<void> outcome;
    auto write = [&] {
        while (outcome)
            outcome = channel.put(String(10'000, 'x'));
    };
    Thread writer = MUST(Thread::start(write));
    EXPECT_OK(channel.next());
    channel.abandon();
    writer.join();
    EXPECT_ERROR(outcome, ECANCELED, "cancelled");
}

}  // namespace kist::image
