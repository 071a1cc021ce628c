// dns_message_test.cpp - what is read of questions, and what answers look like.

#include "base/dns_message.h"

#include "check.h"
#include "messages.h"

using namespace kist;
using namespace kist::dns;
using test::question;

namespace {

// The head of an ordinary question with `counts` in front of `rest`.
String message(const String& counts, const String& rest)
{
    return "\x12\x34\x01\0"_s + counts + rest;
}

const String kOne = "\0\x01\0\0\0\0\0\0"_s;
const String kOneMore = "\0\x01\0\0\0\0\0\x01"_s;
const String kWeb = "\3web\0\0\x01\0\x01"_s;
const String kOptRecord = "\0\0\x29\x10\0\0\0\0\0\0\0"_s;

}  // namespace

TEST(DnsQuestion, IsReadWithItsCase)
{
    Question read = read_question(question({.name = "Web.MyNet"}));
    EXPECT_EQ(read.code, Code::good);
    EXPECT_EQ(read.name, "Web.MyNet");
    EXPECT_EQ(read.type, Type::a);
    EXPECT_TRUE(read.internet);
    EXPECT_FALSE(read.extended);
    EXPECT_EQ(read.limit, 512u);
    EXPECT_EQ(read.end, 12u + 11 + 4);
}

TEST(DnsQuestion, KeepsWhatItsOptRecordSays)
{
    const struct {
        unsigned payload, limit;
    } kRows[] = {{1, 512}, {512, 512}, {1232, 1232}, {4096, 4096}, {65535, 4096}};
    for (auto& row : kRows) {
        Question read = read_question(question({.name = "web", .payload = row.payload}));
        EXPECT_EQ(read.code, Code::good);
        EXPECT_TRUE(read.extended);
        EXPECT_EQ(read.limit, row.limit) << row.payload;
    }
}

TEST(DnsQuestion, OfAnotherClassIsNotOurs)
{
    EXPECT_FALSE(read_question(question({.name = "version.bind", .group = 3})).internet);
    EXPECT_TRUE(read_question(question({.name = "web", .group = 255})).internet);
}

TEST(DnsQuestion, MistakesAreAnsweredWithTheirCode)
{
    const struct {
        const char* what;
        String bytes;
        Code code;
    } kRows[] = {
        {"no question", message("\0\0\0\0\0\0\0\0"_s, ""), Code::malformed},
        {"two questions", message("\0\x02\0\0\0\0\0\0"_s, kWeb + kWeb), Code::malformed},
        {"65535 questions", message("\xff\xff\0\0\0\0\0\0"_s, kWeb), Code::malformed},
        {"nothing behind the head", message(kOne, ""), Code::malformed},
        {"a name without an end", message(kOne, "\3web"), Code::malformed},
        {"a label beyond the end", message(kOne, "\x3fweb\0\0\x01\0\x01"_s), Code::malformed},
        {"no type", message(kOne, "\3web\0"_s), Code::malformed},
        {"half a class", message(kOne, "\3web\0\0\x01\0"_s), Code::malformed},
        {"a pointer to itself", message(kOne, "\xc0\x0c\0\x01\0\x01"_s), Code::malformed},
        {"a pointer ahead", message(kOne, "\3web\xc0\x30\0\x01\0\x01"_s), Code::malformed},
        {"a label of an unknown kind", message(kOne, "\x41web\0\0\x01\0\x01"_s), Code::malformed},
        {"another one", message(kOne, "\x83web\0\0\x01\0\x01"_s), Code::malformed},
        {"a record that is missing", message(kOneMore, kWeb), Code::malformed},
        {"half a record", message(kOneMore, kWeb + "\0\0\x29\x10"_s), Code::malformed},
        {"a record beyond the end", message(kOneMore, kWeb + "\0\0\x29\x10\0\0\0\0\0\0\x09"_s),
         Code::malformed},
        {"a record with half a pointer", message(kOneMore, kWeb + "\xc0"), Code::malformed},
        {"a record in an endless name", message(kOneMore, kWeb + String(400, '\1')),
         Code::malformed},
        {"two OPT records", message("\0\x01\0\0\0\0\0\x02"_s, kWeb + kOptRecord + kOptRecord),
         Code::malformed},
        {"an OPT record with a name", message(kOneMore, kWeb + "\1a"_s + kOptRecord),
         Code::malformed},
        {"too many records", message("\0\x01\xff\xff\xff\xff\xff\xff"_s, kWeb), Code::malformed},
        {"version 1 of EDNS", message(kOneMore, kWeb + "\0\0\x29\x10\0\0\x01\0\0\0\0"_s),
         Code::unknown_version},
        {"marked as truncated", question({.name = "web", .flags = 0x0300}), Code::malformed},
        {"a status request", question({.name = "web", .flags = 0x1100}), Code::unknown_operation},
        {"an update", question({.name = "web", .flags = 0x2800}), Code::unknown_operation},
        {"a record with a pointer", message(kOneMore, kWeb + "\xc0\x0c\0\x10\0\x01\0\0\0\0\0\0"_s),
         Code::good},
    };
    for (auto& row : kRows) {
        ASSERT_TRUE(is_question(row.bytes)) << row.what;
        Question read = read_question(row.bytes);
        EXPECT_EQ(read.code, row.code) << row.what;
        String answer = Answer(row.bytes, read, read.code, 512).take();
        EXPECT_EQ(test::get16(answer, 0), 0x1234u) << row.what;
        EXPECT_EQ(test::code_in(answer), unsigned(row.code) & 15) << row.what;
        EXPECT_EQ(answer[2] & 0x80, 0x80) << row.what;
        EXPECT_EQ(test::get16(answer, 4), read.end ? 1u : 0u) << row.what;
    }
}

TEST(DnsQuestion, WhateverIsCutOffIsNoReadOutOfIt)
{
    String whole = question({.name = "web.mynet", .payload = 1232});
    for (size_t size = 12; size < whole.size(); size++) {
        String part = whole.substr(0, size);  // its own memory: reading beyond it is seen
        EXPECT_EQ(read_question(part).code, Code::malformed) << size;
    }
    EXPECT_FALSE(is_question(whole.substr(0, 11)));
    EXPECT_FALSE(is_question(""));
}

TEST(DnsQuestion, AnswersAreNone)
{
    EXPECT_FALSE(is_question(question({.name = "web", .flags = 0x8100})));
}

TEST(DnsQuestion, NamesMayHave255Bytes)
{
    String label = "\x3f" + String(63, 'a');
    String longest = label + label + label + "\x3d" + String(61, 'a') + "\0\0\x01\0\x01"_s;
    Question read = read_question(message(kOne, longest));
    EXPECT_EQ(read.code, Code::good);
    EXPECT_EQ(read.name.size(), 253u);
    String longer = label + label + label + "\x3e" + String(62, 'a') + "\0\0\x01\0\x01"_s;
    EXPECT_EQ(read_question(message(kOne, longer)).code, Code::malformed);
}

TEST(DnsQuestion, DotsWithinALabelAreNotThoseBetweenLabels)
{
    EXPECT_EQ(read_question(message(kOne, "\5a.b.c\1d\0\0\x01\0\x01"_s)).name, "a/b/c.d");
    EXPECT_EQ(read_question(message(kOne, "\0\0\x02\0\x01"_s)).name, "");
}

TEST(DnsAnswer, HasTheBytesOfTheStandard)
{
    String asked = question({.name = "web", .payload = 1232});
    Answer made(asked, read_question(asked), Code::good, 1232);
    made.add(Type::a, "\xac\x12\0\x02"_s);
    EXPECT_EQ(std::move(made).take(),
              "\x12\x34\x85\x80\0\1\0\1\0\0\0\1\3web\0\0\1\0\1"
              "\xc0\x0c\0\1\0\1\0\0\0\5\0\4\xac\x12\0\2"
              "\0\0\x29\x10\0\0\0\0\0\0\0"_s);
}

TEST(DnsAnswer, SaysWhenThereIsNoRoom)
{
    for (unsigned payload : {0u, 1232u}) {
        String asked = question({.name = "web", .payload = payload});
        Question read = read_question(asked);
        Answer made(asked, read, Code::good, read.limit);
        for (int i = 0; i < 100; i++)
            made.add(Type::a, "\xac\x12\0\x02"_s);
        String bytes = std::move(made).take();
        EXPECT_LE(bytes.size(), read.limit);
        EXPECT_GT(bytes.size(), read.limit - 16);
        EXPECT_EQ(bytes[2] & 2, 2);
        EXPECT_EQ(test::data_in(bytes).size(), test::get16(bytes, 6));
    }
}

TEST(DnsAnswer, CarriesTheHighBitsOfTheCode)
{
    String asked = message(kOneMore, kWeb + "\0\0\x29\x10\0\0\x01\0\0\0\0"_s);
    Question read = read_question(asked);
    String bytes = Answer(asked, read, read.code, 512).take();
    EXPECT_EQ(bytes.substr(bytes.size() - 11), "\0\0\x29\x10\0\x01\0\0\0\0\0"_s);
}

TEST(DnsName, IsWrittenAsLabels)
{
    EXPECT_EQ(wire_name("web.mynet"), "\3web\5mynet\0"_s);
    EXPECT_EQ(wire_name("web.mynet."), "\3web\5mynet\0"_s);
    EXPECT_EQ(wire_name(""), "\0"_s);
    EXPECT_EQ(wire_name(".web"), "");
    EXPECT_EQ(wire_name("a..b"), "");
    EXPECT_EQ(wire_name(String(64, 'a')), "");
    EXPECT_EQ(wire_name(String(63, 'a')).size(), 65u);
    String longest =
        String(63, 'a') + "." + String(63, 'a') + "." + String(63, 'a') + "." + String(61, 'a');
    EXPECT_EQ(wire_name(longest).size(), 255u);
    EXPECT_EQ(wire_name(longest + "a"), "");
}

TEST(DnsName, IsEqualInAnyCase)
{
    EXPECT_TRUE(str::same_name("Web-1.NET", "wEB-1.net"));
    EXPECT_FALSE(str::same_name("web", "web1"));
    EXPECT_FALSE(str::same_name("web@", "web`"));
    EXPECT_TRUE(str::same_name("", ""));
}

TEST(DnsReply, IsJudged)
{
    String asked = question({.name = "example.org", .payload = 1232});
    size_t end = read_question(asked).end;
    auto with = [&](size_t at, int byte) {
        String changed = test::reply(asked, 1);
        changed[at] = char(byte);
        return changed;
    };
    String lower = test::reply(asked, 1), head = asked.substr(0, 12);
    lower[13] = 'E';
    head[2] = char(0x81);
    head[4] = head[5] = head[10] = head[11] = 0;
    String refusing = head;
    refusing[3] = 5;
    const struct {
        const char* what;
        String bytes;
        Verdict verdict;
    } kRows[] = {
        {"the answer", test::reply(asked, 1), Verdict::useful},
        {"no such name", test::reply(asked, 0, 3), Verdict::useful},
        {"another case", lower, Verdict::useful},
        {"another id", with(0, 0x13), Verdict::foreign},
        {"another id's end", with(1, 0), Verdict::foreign},
        {"a question", with(2, 0x01), Verdict::foreign},
        {"another operation", with(2, 0xa1), Verdict::foreign},
        {"another name", with(14, 'y'), Verdict::foreign},
        {"a shorter name", with(12, 6), Verdict::foreign},
        {"another type", with(end - 3, 28), Verdict::foreign},
        {"another class", with(end - 1, 3), Verdict::foreign},
        {"two questions", with(5, 2), Verdict::foreign},
        {"a failure", test::reply(asked, 0, 2), Verdict::unhelpful},
        {"an unknown operation", test::reply(asked, 0, 4), Verdict::unhelpful},
        {"a refusal", test::reply(asked, 0, 5), Verdict::unhelpful},
        {"a refusal without the question", refusing, Verdict::unhelpful},
        {"a head that says nothing", head, Verdict::foreign},
        {"nothing", "", Verdict::foreign},
        {"half a head", head.substr(0, 11), Verdict::foreign},
        {"half a question", test::reply(asked, 0).substr(0, end - 1), Verdict::foreign},
    };
    for (auto& row : kRows)
        EXPECT_EQ(judge(row.bytes, asked, end), row.verdict) << row.what;
}
