// template.cpp - any text as the template of a --format; what is behind a NUL is the document.

#include "cli/template.h"

#include "base/str.h"
#include "base/string.h"
#include "input.h"

using namespace kist;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    std::string_view rest = fuzz::text_of(data, size);
    std::string_view text = str::cut(rest, '\0');
    (void)cli::check_template(text);
    constexpr const char* kUsual =
        R"({"A":"b","N":7,"B":true,"O":{"X":"y","Z":null},"L":["1",2],"M":[{"S":"s"}]})";
    auto document = json::Document::parse(rest.empty() ? kUsual : String(rest));
    if (document)
        (void)cli::render_template(text, {document->root()});
    return 0;
}
