// http.cpp - fuzzes what servers answer: head and body, read in pieces of a size that the first
// byte chooses.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "registry/http_body.h"
#include "registry/http_date.h"
#include "registry/http_head.h"
#include "registry/url.h"

namespace {

using namespace kist;
using namespace kist::registry;

class Input : public Transport {
public:
    Input(std::string_view bytes, size_t step) : bytes_(bytes), step_(step) {}
    Result<std::string_view> peek() override { return bytes_.substr(0, step_); }
    void consume(size_t size) override
    {
        if (size > bytes_.size() || size > step_)
            abort();  // more than was ever shown
        bytes_.remove_prefix(size);
    }
    Result<void> write(std::string_view) override { return {}; }
    bool is_quiet() override { return bytes_.empty(); }

private:
    std::string_view bytes_;
    size_t step_;
};

// One answer; false when the connection is of no more use.
bool read_answer(Input& input, std::string_view method)
{
    auto head = read_head(input, "peer");
    if (!head)
        return false;
    if (const std::string* location = head->find("Location"))
        if (auto url = Url::parse("https://a.example/b/c?d").take().resolve(*location))
            // What was understood once is understood again.
            if (!Url::parse(url->text()))
                abort();
    if (const std::string* date = head->find("Retry-After"))
        (void)parse_http_date(*date);
    auto body = HttpBody::of(*head, method, "peer");
    if (!body)
        return false;
    uint64_t total = 0;
    while (true) {
        auto bytes = body->next(input);
        if (!bytes)
            return false;
        if (bytes->empty())
            break;
        total += bytes->size();
    }
    if (body->length() >= 0 && method != "HEAD" && total != uint64_t(body->length()))
        abort();
    return !body->until_close();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    if (size == 0)
        return 0;
    std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    Input input(text, data[0] % 16 ? data[0] : 1 << 20);
    for (int i = 0; i < 8 && !input.is_quiet(); i++)
        if (!read_answer(input, data[0] & 0x40 ? "HEAD" : "GET"))
            break;
    return 0;
}
