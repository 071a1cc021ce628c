// scripted_transport.h - a connection whose other side has said everything in advance.

#pragma once

#include <algorithm>

#include "base/string.h"
#include "registry/transport.h"

namespace kist::registry {

class ScriptedTransport : public Transport {
public:
    // At most `step` bytes are at hand at a time.
    explicit ScriptedTransport(String script, size_t step = 1 << 20)
        : script_(std::move(script)), step_(step)
    {
    }
    Result<std::string_view> peek() override
    {
        return std::string_view(script_).substr(at_, std::min(step_, script_.size() - at_));
    }
    void consume(size_t size) override { at_ += size; }
    Result<void> write(std::string_view bytes) override
    {
        written += bytes;
        return {};
    }
    bool is_quiet() override { return at_ == script_.size(); }

    String written;

private:
    String script_;
    size_t step_;
    size_t at_ = 0;
};

}  // namespace kist::registry
