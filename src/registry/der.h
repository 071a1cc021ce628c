// der.h - a cursor over DER (X.690), as much as certificates need.

#pragma once

#include <cstdint>
#include <string_view>

namespace kist::registry {

// Tags as they stand in the first byte.
namespace der {
inline constexpr uint8_t kBoolean = 0x01, kInteger = 0x02, kBitString = 0x03, kOctetString = 0x04,
                         kOid = 0x06, kUtcTime = 0x17, kGeneralizedTime = 0x18, kSequence = 0x30,
                         kSet = 0x31;
}

struct DerElement {
    uint8_t tag = 0;
    std::string_view contents;
    std::string_view whole;  // with tag and length
};

// Cuts elements off the front of a view.  Lengths are checked against what is left, so an element
// never reaches out of the one around it.  What is not as it should be is noted in `fault`, which
// cursors of one document share; the element is empty then and nothing is left.
class Der {
public:
    Der(std::string_view bytes, const char*& fault) : rest_(bytes), fault_(fault) {}

    bool at_end() const { return rest_.empty(); }
    bool is(uint8_t tag) const { return !rest_.empty() && uint8_t(rest_[0]) == tag; }
    DerElement any();
    // A fault when the next element has another tag.
    DerElement expect(uint8_t tag);
    // The inside of the next element.
    Der enter(uint8_t tag) { return within(expect(tag).contents); }
    // A cursor over a part of the document that it belongs to too.
    Der within(std::string_view part) { return Der(part, fault_); }
    // Notes the first fault; `what` is kept.
    DerElement fail(const char* what);

private:
    std::string_view rest_;
    const char*& fault_;  // null: none
};

}  // namespace kist::registry
