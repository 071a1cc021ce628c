// text.cpp - unpacks what third_party/texts.py packed: the licences and then each text, a zero byte
// behind each.

#include "cli/text.h"

#include <cstdlib>
#include <memory>
#include <utility>

#include "archive/inflate.h"
#include "base/str.h"
#include "base/stream.h"
#include "texts_data.h"

namespace kist::cli {
namespace {

class Memory : public Reader {
public:
    explicit Memory(std::string_view bytes) : bytes_(bytes) {}

    Result<std::string_view> next() override { return std::exchange(bytes_, {}); }

private:
    std::string_view bytes_;
};

// Nothing can be wrong with what the program itself carries, unless its file is damaged.
String* unpack()
{
    const char* data = reinterpret_cast<const char*>(kTextsData);
    Memory packed({data, sizeof(kTextsData) - 1});
    std::unique_ptr<Reader> reader = archive::gunzip(packed);
    auto* all = new String;
    while (true) {
        auto part = reader->next();
        if (!part)
            abort();
        if (part->empty())
            return all;
        *all += *part;
    }
}

String* all_texts()
{
    static constinit String* texts = nullptr;
    if (!texts)
        texts = unpack();
    return texts;
}

}  // namespace

const char* Text::words() const
{
    if (!number)
        return "";
    std::string_view rest = *all_texts();
    str::cut(rest, '\0');  // the licences
    while (!rest.empty()) {
        std::string_view text = str::cut(rest, '\0');
        if (number_of(text) == number)
            return text.data();
    }
    abort();  // the tests walk through every row
}

const char* licenses()
{
    return all_texts()->c_str();
}

}  // namespace kist::cli
