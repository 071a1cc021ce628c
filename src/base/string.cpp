#include "base/string.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/result.h"

namespace kist {

alignas(2) char String::kNothing[1];

namespace {

constexpr size_t kMost = INT32_MAX - 16;

// Sixteen bytes at a time, with the NUL.
size_t rounded(size_t size)
{
    if (size > kMost)
        abort();
    return size | 15;
}

// What to reserve when `needed` does not fit: so much more that growing stays rare.
size_t room_for(size_t needed, size_t capacity)
{
    return std::max(needed, std::min(capacity * 2, kMost));
}

}  // namespace

String String::made(std::string_view text)
{
    String copy;
    copy.append(text);
    return copy;
}

String String::made(const char* text)
{
    return made(std::string_view(text));
}

String String::made(const String& text)
{
    return made(text.view());
}

void String::become(String other)
{
    drop(data_);
    take(other);
}

void String::drop(char* data)
{
    if (reinterpret_cast<uintptr_t>(data) & 1)
        Error::drop(data - 1);
    else if (data != kNothing)
        ::operator delete(data);
}

void String::reserve(size_t capacity)
{
    if (capacity <= capacity_)
        return;
    capacity = rounded(capacity);
    auto memory = static_cast<char*>(::operator new(capacity + 1));
    memcpy(memory, data_, size_ + 1);
    drop(data_);
    data_ = memory;
    capacity_ = static_cast<uint32_t>(capacity);
}

void String::resize(size_t size, char each)
{
    if (size > capacity_)
        reserve(room_for(size, capacity_));
    if (size > size_)
        memset(data_ + size_, each, size - size_);
    size_ = static_cast<uint32_t>(size);
    if (capacity_)
        data_[size] = '\0';
}

void String::push_back(char each)
{
    resize(size_ + size_t{1}, each);
}

String& String::assign(std::string_view text)
{
    return replace(0, npos, text);
}

String& String::append(std::string_view text)
{
    return replace(size_, 0, text);
}

String& String::append(const char* text)
{
    return append(std::string_view(text));
}

String& String::append(const String& text)
{
    return append(text.view());
}

String& String::replace(size_t at, size_t count, std::string_view text)
{
    count = std::min(count, size_ - at);
    size_t size = size_ - count + text.size();
    const char* end = data_ + size_;
    bool ours = text.data() >= data_ && text.data() <= end && !text.empty();
    if (size > capacity_ || ours) {
        String made;
        made.reserve(size > capacity_ ? room_for(size, capacity_) : size);
        memcpy(made.data_, data_, at);
        made.size_ = static_cast<uint32_t>(at);
        if (!text.empty())
            memcpy(made.data_ + at, text.data(), text.size());
        memcpy(made.data_ + at + text.size(), data_ + at + count, size_ - at - count);
        made.size_ = static_cast<uint32_t>(size);
        if (made.capacity_)
            made.data_[size] = '\0';
        return *this = std::move(made);
    }
    if (!capacity_)
        return *this;
    memmove(data_ + at + text.size(), data_ + at + count, size_ - at - count);
    if (!text.empty())
        memcpy(data_ + at, text.data(), text.size());
    size_ = static_cast<uint32_t>(size);
    data_[size] = '\0';
    return *this;
}

String String::substr(size_t at, size_t count) const
{
    return String(view().substr(at, count));
}

size_t String::find(const char* what, size_t from) const
{
    return view().find(what, from);
}

size_t String::find(std::string_view what, size_t from) const
{
    return view().find(what, from);
}

size_t String::find(char what, size_t from) const
{
    return view().find(what, from);
}

size_t String::rfind(const char* what, size_t from) const
{
    return view().rfind(what, from);
}

size_t String::rfind(std::string_view what, size_t from) const
{
    return view().rfind(what, from);
}

size_t String::rfind(char what, size_t from) const
{
    return view().rfind(what, from);
}

size_t String::find_first_of(std::string_view any, size_t from) const
{
    return view().find_first_of(any, from);
}

size_t String::find_last_of(std::string_view any) const
{
    return view().find_last_of(any);
}

size_t String::find_first_not_of(std::string_view any, size_t from) const
{
    return view().find_first_not_of(any, from);
}

size_t String::find_first_not_of(char each, size_t from) const
{
    return view().find_first_not_of(each, from);
}

size_t String::find_last_not_of(std::string_view any) const
{
    return view().find_last_not_of(any);
}

size_t String::find_last_not_of(char each) const
{
    return view().find_last_not_of(each);
}

bool String::starts_with(const char* what) const
{
    return view().starts_with(what);
}

bool String::starts_with(std::string_view what) const
{
    return view().starts_with(what);
}

bool String::starts_with(char what) const
{
    return view().starts_with(what);
}

bool String::ends_with(const char* what) const
{
    return view().ends_with(what);
}

bool String::ends_with(std::string_view what) const
{
    return view().ends_with(what);
}

bool String::ends_with(char what) const
{
    return view().ends_with(what);
}

bool operator==(const String& a, const String& b)
{
    return a.view() == b.view();
}

bool operator==(const String& a, const char* b)
{
    return a.view() == b;
}

bool equals(std::string_view a, const char* b)
{
    return a == std::string_view(b);
}

bool operator==(const String& a, std::string_view b)
{
    return a.view() == b;
}

std::strong_ordering operator<=>(const String& a, const String& b)
{
    return a.view() <=> b.view();
}

String String::grown(String a, std::string_view b)
{
    a.append(b);
    return a;
}

String String::grown(String a, const String& b)
{
    return grown(std::move(a), b.view());
}

String String::grown(String a, const char* b)
{
    return grown(std::move(a), std::string_view(b));
}

String String::grown(String a, char b)
{
    return grown(std::move(a), std::string_view(&b, 1));
}

String operator+(std::string_view a, const String& b)
{
    String made;
    made.reserve(a.size() + b.size());
    made.append(a);
    return String::grown(std::move(made), b);
}

String operator+(const String& a, std::string_view b)
{
    String made;
    made.reserve(a.size() + b.size());
    made.append(a);
    return String::grown(std::move(made), b);
}

String operator+(const String& a, const String& b)
{
    return a + b.view();
}

String operator+(const String& a, const char* b)
{
    return a + std::string_view(b);
}

String operator+(const String& a, char b)
{
    return a + std::string_view(&b, 1);
}

String operator+(const char* a, const String& b)
{
    return std::string_view(a) + b;
}

String operator+(char a, const String& b)
{
    return std::string_view(&a, 1) + b;
}

}  // namespace kist
