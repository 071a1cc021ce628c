// string.h - text that owns its bytes, in place of std::string, for the sake of size.
//
// The words and their meanings are those of std::string, with two differences: it keeps no short
// text in itself, so that c_str() is one load and a String, of two words, travels in registers
// (trivial_abi); and its size is of 31 bits: more than 2 GiB end the program, as memory that is not
// there does.  Searching and comparing are std::string_view's.

#pragma once

#include <compare>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <type_traits>
#include <utility>

namespace kist {

class [[clang::trivial_abi]] String {
public:
    using value_type = char;
    using iterator = char*;
    using const_iterator = const char*;
    static constexpr size_t npos = std::string_view::npos;

    [[gnu::always_inline]] constexpr String() {}
    [[gnu::always_inline]] String(const char* text) : String(made(text)) {}
    [[gnu::always_inline]] explicit String(std::string_view text) : String(made(text)) {}
    String(const char* text, size_t size) : String(std::string_view(text, size)) {}
    String(size_t count, char each) { resize(count, each); }
    template <std::input_iterator I>
    String(I first, I last)
    {
        if constexpr (std::is_convertible_v<I, const char*>)
            append(std::string_view(first, static_cast<size_t>(last - first)));
        else
            for (; first != last; ++first)
                push_back(static_cast<char>(*first));
    }
    [[gnu::always_inline]] String(const String& other) : String(made(other)) {}
    String(std::nullptr_t) = delete;
    [[gnu::always_inline]] String(String&& other) noexcept { take(other); }
    [[gnu::always_inline]] String& operator=(String&& other) noexcept
    {
        become(std::move(other));
        return *this;
    }
    String& operator=(const String& other) { return assign(other); }
    String& operator=(std::string_view text) { return assign(text); }
    template <class Text>
    requires std::is_convertible_v<const Text&, const char*>  // not {}
        String& operator=(const Text& text)
    {
        return assign(static_cast<const char*>(text));
    }
    [[gnu::always_inline]] ~String()
    {
        if (!__builtin_constant_p(data_ == kNothing) || data_ != kNothing)
            drop(data_);  // nothing for one just moved from
    }

    const char* c_str() const { return data_; }
    char* data() { return data_; }
    const char* data() const { return data_; }
    size_t size() const { return size_; }
    size_t length() const { return size_; }
    size_t capacity() const { return capacity_; }
    bool empty() const { return !size_; }
    operator std::string_view() const { return view(); }
    char* begin() { return data_; }
    char* end() { return data_ + size_; }
    const char* begin() const { return data_; }
    const char* end() const { return data_ + size_; }
    char& operator[](size_t at) { return data_[at]; }
    const char& operator[](size_t at) const { return data_[at]; }
    char& front() { return data_[0]; }
    const char& front() const { return data_[0]; }
    char& back() { return data_[size_ - 1]; }
    const char& back() const { return data_[size_ - 1]; }

    void reserve(size_t capacity);
    void resize(size_t size, char each = '\0');
    void clear() { resize(0); }
    void shrink_to_fit() { *this = String(*this); }
    void push_back(char each);
    void pop_back() { resize(size_ - 1); }
    // `text` may be a part of this String, for these three.
    String& assign(std::string_view text);
    String& append(std::string_view text);
    String& replace(size_t at, size_t count, std::string_view text);
    String& append(const char* text);
    String& append(const String& text);
    String& append(const char* text, size_t size) { return append(std::string_view(text, size)); }
    String& append(size_t count, char each)
    {
        resize(size_ + count, each);
        return *this;
    }
    String& insert(size_t at, std::string_view text) { return replace(at, 0, text); }
    String& erase(size_t at = 0, size_t count = npos) { return replace(at, count, {}); }
    String& operator+=(const String& text) { return append(text); }
    String& operator+=(const char* text) { return append(text); }
    String& operator+=(std::string_view text) { return append(text); }
    String& operator+=(char each)
    {
        push_back(each);
        return *this;
    }

    String substr(size_t at = 0, size_t count = npos) const;
    int compare(std::string_view other) const { return view().compare(other); }
    size_t find(const char* what, size_t from = 0) const;
    size_t find(std::string_view what, size_t from = 0) const;
    size_t find(char what, size_t from = 0) const;
    size_t rfind(const char* what, size_t from = npos) const;
    size_t rfind(std::string_view what, size_t from = npos) const;
    size_t rfind(char what, size_t from = npos) const;
    size_t find_first_of(std::string_view any, size_t from = 0) const;
    size_t find_last_of(std::string_view any) const;
    size_t find_first_not_of(std::string_view any, size_t from = 0) const;
    size_t find_first_not_of(char each, size_t from = 0) const;
    size_t find_last_not_of(std::string_view any) const;
    size_t find_last_not_of(char each) const;
    bool starts_with(const char* what) const;
    bool starts_with(std::string_view what) const;
    bool starts_with(char what) const;
    bool ends_with(const char* what) const;
    bool ends_with(std::string_view what) const;
    bool ends_with(char what) const;

    friend bool operator==(const String& a, const String& b);
    friend bool operator==(const String& a, const char* b);
    friend bool operator==(const String& a, std::string_view b);
    friend std::strong_ordering operator<=>(const String& a, const String& b);

    friend String operator+(const String& a, const String& b);
    friend String operator+(const String& a, const char* b);
    friend String operator+(const String& a, std::string_view b);
    friend String operator+(const String& a, char b);
    friend String operator+(const char* a, const String& b);
    friend String operator+(std::string_view a, const String& b);
    friend String operator+(char a, const String& b);
    // What is a temporary anyway grows in place.
    template <class B>
    [[gnu::always_inline]] friend String operator+(String&& a, const B& b)
    {
        return grown(std::move(a), b);
    }

    // A Result keeps its error in place of the text (result.h): an odd address, which no text has.
    [[gnu::always_inline]] bool is_lent() const { return reinterpret_cast<uintptr_t>(data_) & 1; }
    [[gnu::always_inline]] void* lent_to() const { return data_ - 1; }
    [[gnu::always_inline]] void lend(void* to) { data_ = static_cast<char*>(to) + 1; }
    [[gnu::always_inline]] void end_loan() { data_ = kNothing; }

private:
    // In registers, where a constructor would need an address.
    void become(String other);
    static String made(const char* text);
    static String made(std::string_view text);
    static String made(const String& text);
    static String grown(String a, const String& b);
    static String grown(String a, const char* b);
    static String grown(String a, std::string_view b);
    static String grown(String a, char b);

    std::string_view view() const { return {data_, size_}; }
    [[gnu::always_inline]] void take(String& other)
    {
        data_ = other.data_;
        extent_ = other.extent_;
        other.data_ = kNothing;
        other.extent_ = 0;
    }
    static void drop(char* data);

    alignas(2) static char kNothing[1];  // what an empty String without memory points to

    char* data_ = kNothing;  // a NUL follows the text
    union {
        uint64_t extent_ = 0;  // both: what moves and returns is one word, not two to put together
        struct {
            uint32_t size_;
            uint32_t capacity_;  // without the NUL; 0: data_ is kNothing
        };
    };
};

// With a literal, whose length need not be passed.
bool equals(std::string_view a, const char* b);
constexpr bool operator==(std::string_view a, const char* b)
{
    if (std::is_constant_evaluated())
        return a == std::string_view(b);
    return equals(a, b);
}

}  // namespace kist
