// fake_repository.h - a Repository over a registry in a function.

#pragma once

#include "base/str.h"
#include "base/string.h"
#include "check.h"
#include "registry/distribution.h"
#include "registry/fake_client.h"

namespace kist::test {

using registry::Access;
using registry::Blob;
using registry::Reference;
using registry::Repository;
using registry::Request;

inline Result<std::unique_ptr<Repository>> repository(FakeClient::Handler handler,
                                                      const char* name = "reg.example/a/b",
                                                      const Access& access = {})
{
    Reference reference = TRY(Reference::parse(name));
    return Repository::over(std::make_unique<FakeClient>(std::move(handler)), reference, access);
}

inline Result<String> read_all(Blob& blob)
{
    String all;
    for (;;) {
        std::string_view bytes = TRY(blob.next());
        if (bytes.empty())
            return all;
        all += bytes;
    }
}

inline String content(size_t size)
{
    String bytes(size, '\0');
    for (size_t i = 0; i < size; i++)
        bytes[i] = static_cast<char>(i * 31 + i / 251);
    return bytes;
}

// Answers a request for `bytes` as a registry that knows Range does.
inline Answer serve(const Request& request, const String& bytes)
{
    std::string_view range = header_of(request.headers, "Range");
    if (range.empty())
        return {.headers = {{"Content-Length", kist::test::to_text(bytes.size())}}, .body = bytes};
    auto first = static_cast<size_t>(str::to_integer(range.substr(6, range.size() - 7)).take());
    return {.status = 206,
            .headers = {{"Content-Range",
                         str::format("bytes %zu-%zu/%zu", first, bytes.size() - 1, bytes.size())}},
            .body = bytes.substr(first)};
}

}  // namespace kist::test
