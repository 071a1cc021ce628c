// http_message_test.cpp - heads and bodies of answers, good and bad.

#include "base/string.h"
#include "check.h"
#include "registry/http_body.h"
#include "registry/http_date.h"
#include "registry/http_head.h"
#include "scripted_transport.h"

namespace kist::registry {
namespace {

Result<HttpHead> head_of(const String& text, size_t step = 1 << 20)
{
    ScriptedTransport transport(text, step);
    return read_head(transport, "peer");
}

TEST(HttpHead, IsReadWhateverThePieces)
{
    for (size_t step : {1, 2, 3, 7, 1000}) {
        HttpHead head = MUST(
            head_of("HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nX:  y z \t\r\nx:\r\n\r\nbody", step));
        EXPECT_EQ(head.status, 200);
        EXPECT_EQ(head.minor, 1);
        EXPECT_EQ(head.reason, "OK");
        ASSERT_NE(head.find("content-type"), nullptr);
        EXPECT_EQ(*head.find("content-type"), "a/b");
        EXPECT_EQ(*head.find("X"), "y z");
        EXPECT_EQ(head.find("y"), nullptr);
        EXPECT_EQ(head.headers.size(), 3u);
    }
}

TEST(HttpHead, ToleratesCarelessServers)
{
    EXPECT_EQ(MUST(head_of("HTTP/1.1 404\nA: b\n\n")).status, 404);
    EXPECT_EQ(MUST(head_of("HTTP/1.0 200 \r\n\r\n")).minor, 0);
    EXPECT_EQ(MUST(head_of("HTTP/1.1 200 a\x1b[1m\r\n\r\n")).reason, "a?[1m");
}

TEST(HttpHead, SkipsInterimAnswers)
{
    EXPECT_EQ(MUST(head_of("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n"
                           "HTTP/1.1 201 Created\r\n\r\n"))
                  .status,
              201);
    String endless;
    for (int i = 0; i < 100; i++)
        endless += "HTTP/1.1 100 Continue\r\n\r\n";
    EXPECT_ERROR(head_of(endless), EPROTO, "no final answer");
}

TEST(HttpHead, RefusesWhatIsNotHttp)
{
    for (const char* text :
         {"HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
          "HTTP/1.1 099 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n",
          "ICY 200 OK\r\n\r\n", "\r\n\r\n", "HTTP/1.x 200 OK\r\n\r\n", "HTTP/1.1 2-1 OK\r\n\r\n",
          "HTTP/1.1 200 OK\r\nA b: c\r\n\r\n", "HTTP/1.1 200 OK\r\nA : c\r\n\r\n",
          "HTTP/1.1 200 OK\r\n: c\r\n\r\n", "HTTP/1.1 200 OK\r\nnothing\r\n\r\n",
          "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\rc: d\r\n\r\n"})
        EXPECT_ERROR(head_of(text), EPROTO, "peer") << text;
    EXPECT_ERROR(head_of(String("HTTP/1.1 200 OK\r\nA: \0\r\n\r\n", 25)), EPROTO, "malformed");
    EXPECT_ERROR(head_of("\x15\x03\x01\x00\x02\x02\x46"), EPROTO, "speaks TLS");
}

TEST(HttpHead, HasLimits)
{
    EXPECT_ERROR(head_of("HTTP/1.1 200 OK\r\nA: " + String(kMaxHead, 'x')), EPROTO, "bytes");
    EXPECT_ERROR(head_of(String(10 * kMaxHead, 'x')), EPROTO, "bytes");
    String many = "HTTP/1.1 200 OK\r\n";
    for (size_t i = 0; i <= kMaxHeaders; i++)
        many += "A: b\r\n";
    EXPECT_ERROR(head_of(many + "\r\n"), EPROTO, "headers");
    EXPECT_ERROR(head_of("HTTP/1.1 200 OK\r\nA: b\r\n"), ECONNRESET, "closed the connection");
    EXPECT_ERROR(head_of(""), ECONNRESET, "closed the connection");
}

TEST(HttpHead, ListsWords)
{
    HttpHead head =
        MUST(head_of("HTTP/1.1 200 OK\r\nConnection: a, Close\r\nconnection: b\r\n\r\n"));
    EXPECT_TRUE(head.lists("Connection", "close"));
    EXPECT_TRUE(head.lists("Connection", "B"));
    EXPECT_FALSE(head.lists("Connection", "clo"));
}

// The whole body of the answer in `text`, and what is left behind it.
Result<String> body_of(const String& text, const char* method = "GET", size_t step = 5,
                       String* rest = nullptr)
{
    ScriptedTransport transport(text, step);
    HttpHead head = TRY(read_head(transport, "peer"));
    HttpBody body = TRY(HttpBody::of(head, method, "peer"));
    String whole;
    while (true) {
        std::string_view bytes = TRY(body.next(transport));
        if (bytes.empty())
            break;
        whole += bytes;
    }
    EXPECT_TRUE(body.is_done());
    for (std::string_view left = transport.peek().take(); rest && !left.empty();
         left = transport.peek().take()) {
        *rest += left;
        transport.consume(left.size());
    }
    return whole;
}

TEST(HttpBody, EndsByLengthChunksOrConnection)
{
    const String k200 = "HTTP/1.1 200 OK\r\n";
    const struct {
        String text;
        const char* method;
        const char* body;
        const char* rest;
    } kCases[] = {
        {k200 + "Content-Length: 5\r\n\r\nhelloNEXT", "GET", "hello", "NEXT"},
        {k200 + "Content-Length: 0\r\n\r\nNEXT", "GET", "", "NEXT"},
        {k200 + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "GET", "hello", ""},
        {k200 + "Content-Length: 5, 5\r\n\r\nhello", "GET", "hello", ""},
        {k200 + "\r\nto the end", "GET", "to the end", ""},
        {k200 +
             "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=\"y\"\r\n world\r\n0\r\n\r\nNEXT",
         "GET", "hello world", "NEXT"},
        {k200 + "transfer-encoding: Chunked\r\n\r\nA \r\n0123456789\r\n00\r\nTrailer: x\r\n\r\nN",
         "GET", "0123456789", "N"},
        {k200 + "Transfer-Encoding: chunked\n\n1\na\n0\n\n", "GET", "a", ""},
        {k200 + "Content-Length: 5\r\n\r\nNEXT", "HEAD", "", "NEXT"},
        {k200 + "Transfer-Encoding: chunked\r\n\r\nNEXT", "HEAD", "", "NEXT"},
        {"HTTP/1.1 204 No Content\r\n\r\nNEXT", "GET", "", "NEXT"},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nNEXT", "GET", "", "NEXT"},
    };
    for (auto& row : kCases)
        for (size_t step : {1, 4, 1000}) {
            String rest;
            String body = MUST(body_of(row.text, row.method, step, &rest));
            EXPECT_EQ(body, row.body) << row.text;
            EXPECT_EQ(rest, row.rest) << row.text;
        }
}

TEST(HttpBody, RefusesTwoMeanings)
{
    const String k200 = "HTTP/1.1 200 OK\r\n";
    for (const char* text :
         {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
          "Content-Length: 5, 6\r\n\r\nhello!", "Content-Length: -1\r\n\r\n",
          "Content-Length: \r\n\r\n", "Content-Length: +5\r\n\r\nhello",
          "Content-Length: 0x5\r\n\r\nhello", "Content-Length: 5 5\r\n\r\nhello",
          "Content-Length: 99999999999999999999\r\n\r\n", "Transfer-Encoding: gzip\r\n\r\n",
          "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding:\r\n\r\n",
          "Transfer-Encoding: chunked\r\n\r\n-1\r\n", "Transfer-Encoding: chunked\r\n\r\n\r\n",
          "Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
          "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
          "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"})
        EXPECT_ERROR(body_of(k200 + text), EPROTO, "peer") << text;
    EXPECT_ERROR(body_of("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), EPROTO,
                 "");
    EXPECT_ERROR(body_of(k200 + "Transfer-Encoding: chunked\r\n\r\n0\r\n" +
                         [] {
                             String trailers;
                             for (int i = 0; i < 10000; i++)
                                 trailers += "A: b\r\n";
                             return trailers;
                         }()),
                 EPROTO, "trailers");
    EXPECT_ERROR(body_of(k200 + "Transfer-Encoding: chunked\r\n\r\n1;" + String(10000, 'x')),
                 EPROTO, "bytes");
}

TEST(HttpBody, BrokenOffIsTold)
{
    for (const char* text :
         {"Content-Length: 5\r\n\r\nhell", "Transfer-Encoding: chunked\r\n\r\n5\r\nhell",
          "Transfer-Encoding: chunked\r\n\r\n5\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5",
          "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"}) {
        auto body = body_of(String("HTTP/1.1 200 OK\r\n") + text);
        EXPECT_ERROR(body, ECONNRESET, "closed the connection") << text;
        EXPECT_TRUE(is_broken_connection(body.error()));
    }
}

TEST(HttpDate, IsRead)
{
    EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
    for (const char* text : {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
                             "Sun, 06 Noo 1994 08:49:37 GMT", "Sun, 06 ovD 1994 08:49:37 GMT"})
        EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
}

}  // namespace
}  // namespace kist::registry
