// protocol_test.cpp - messages between commands and monitors.

#include "service/protocol.h"

#include <sys/socket.h>

#include <cstring>

#include "base/string.h"
#include "base/sys.h"
#include "check.h"
#include "service/clients.h"

namespace kist::service {
namespace {

TEST(Protocol, CarriesWordsNumbersAndBytes)
{
    sys::Pipe pair = MUST(sys::socket_pair());
    String bytes("a\0b", 3);
    EXPECT_OK(send(pair.writer, pack(Word::output, -1, 7, bytes)));
    std::optional<Message> message = MUST(receive(pair.reader));
    ASSERT_TRUE(message);
    EXPECT_EQ(message->word, Word::output);
    EXPECT_EQ(message->a, -1);
    EXPECT_EQ(message->b, 7);
    EXPECT_EQ(message->payload, bytes);
}

TEST(Protocol, SaysNothingWhenTheOtherSideIsGone)
{
    sys::Pipe pair = MUST(sys::socket_pair());
    pair.writer.close();
    EXPECT_FALSE(MUST(receive(pair.reader)));
    EXPECT_TRUE(send(pair.reader, pack(Word::taken)).error().is(EPIPE));
}

TEST(Protocol, HearsTheLastWordsOfOneThatDidNotListen)
{
    sys::Pipe pair = MUST(sys::socket_pair());
    EXPECT_OK(send(pair.reader, pack(Word::input_end)));
    EXPECT_OK(send(pair.writer, pack(Word::exited, 3)));
    pair.writer.close();
    std::optional<Message> last = MUST(receive(pair.reader));
    ASSERT_TRUE(last);
    EXPECT_EQ(last->a, 3);
    EXPECT_FALSE(MUST(receive(pair.reader)));
}

TEST(Protocol, RefusesWhatIsTooShort)
{
    sys::Pipe pair = MUST(sys::socket_pair());
    ASSERT_EQ(::send(pair.writer.get(), "xyz", 3, 0), 3);
    EXPECT_TRUE(receive(pair.reader).error().is(EBADMSG));
}

TEST(Protocol, CarriesErrorsWithTheirHints)
{
    sys::Pipe pair = MUST(sys::socket_pair());
    EXPECT_OK(send(pair.writer, pack_failure(Error(EBUSY, "it is busy").with_hint("wait"))));
    std::optional<Message> message = MUST(receive(pair.reader));
    ASSERT_TRUE(message && message->word == Word::failed);
    Error error = error_of(*message);
    EXPECT_TRUE(error.is(EBUSY));
    EXPECT_EQ(error.message(), "it is busy");
    EXPECT_EQ(error.hint(), "wait");
}

TEST(Protocol, PacksSizesAndAttachments)
{
    Size size = unpack_size(pack_size({.rows = 40000, .columns = 65535}));
    EXPECT_EQ(size.rows, 40000);
    EXPECT_EQ(size.columns, 65535);
    Attachment all = {.input = true, .errors = true, .until_exit = true, .revived = true};
    Attachment back = unpack_attachment(pack_attachment(all));
    EXPECT_TRUE(back.input && back.errors && back.until_exit && back.revived);
    EXPECT_FALSE(back.output);
}

}  // namespace
}  // namespace kist::service
