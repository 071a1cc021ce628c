// http.cpp - any bytes as what a server sends: heads and bodies, one answer after the other.

#include "base/string.h"
#include "input.h"
#include "registry/http_body.h"
#include "registry/http_date.h"
#include "registry/http_head.h"
#include "registry/url.h"

using namespace kist;

namespace {

class Script : public registry::Transport {
public:
    Script(std::string_view bytes, size_t piece) : rest_(bytes), piece_(piece ? piece : 1) {}

    Result<std::string_view> peek() override { return rest_.substr(0, piece_); }
    void consume(size_t size) override
    {
        fuzz::must(size <= std::min(rest_.size(), piece_));
        rest_.remove_prefix(size);
    }
    Result<void> write(std::string_view) override { return {}; }
    bool is_quiet() override { return false; }

private:
    std::string_view rest_;
    size_t piece_;
};

bool read_answer(Script& script, std::string_view method)
{
    auto head = registry::read_head(script, "peer");
    if (!head)
        return false;
    if (const String* location = head->find("Location"))
        if (auto url = registry::Url::parse("https://a.example/b/c?d").take().resolve(*location))
            fuzz::must(bool(registry::Url::parse(url->text())));
    if (const String* date = head->find("Retry-After"))
        (void)registry::parse_http_date(*date);
    auto body = registry::HttpBody::of(*head, method, "peer");
    if (!body)
        return false;
    uint64_t total = 0;
    while (true) {
        auto part = body->next(script);
        if (!part)
            return false;
        total += part->size();
        bool ended = part->empty();
        body->settle(script);
        if (ended)
            break;
    }
    fuzz::must(body->length() < 0 || method == "HEAD" || total == uint64_t(body->length()));
    return !body->until_close();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    if (size < 1)
        return 0;
    Script script(fuzz::text_of(data + 1, size - 1), data[0]);
    for (int answers = 0; answers < 8 && read_answer(script, data[0] & 1 ? "GET" : "HEAD");
         answers++)
        continue;
    return 0;
}
