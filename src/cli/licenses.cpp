// licenses.cpp - unpacks the texts that third_party/licenses.py packed.

#include "cli/licenses.h"

#include <memory>
#include <string_view>

#include "archive/inflate.h"
#include "base/stream.h"
#include "base/string.h"
#include "licenses_data.h"

namespace kist::cli {
namespace {

class Memory : public Reader {
public:
    explicit Memory(std::string_view bytes) : bytes_(bytes) {}

    Result<std::string_view> next() override { return std::exchange(bytes_, {}); }

private:
    std::string_view bytes_;
};

}  // namespace

Result<String> licenses()
{
    const char* data = reinterpret_cast<const char*>(kLicensesData);
    Memory packed({data, sizeof(kLicensesData) - 1});
    std::unique_ptr<Reader> texts = archive::gunzip(packed);
    String all;
    while (true) {
        std::string_view part = TRY(texts->next());
        if (part.empty())
            return all;
        all += part;
    }
}

}  // namespace kist::cli
