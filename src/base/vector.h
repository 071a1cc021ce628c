// vector.h - a growing array, in place of std::vector, for the sake of size.
//
// The words and their meanings are those of std::vector, with three differences that make a program
// with many element types a tenth smaller:
//
// - All types share one function that grows, since elements are carried to their new memory as
//   bytes.  So a type must not know its own address: no std::function, std::list, std::mutex.
//   (P1144 calls the others trivially relocatable.)
// - Sizes are of 31 bits, so that a Vector is two words and travels in registers (trivial_abi).
//   More than 2 billion elements end the program, as memory that is not there does.
// - Nothing is checked but in the host build, and references into it end with every growth.

#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace kist {

// What all Vectors share; `width` is the size of an element.
class VectorBase {
public:
    size_t size() const { return size_; }
    size_t capacity() const { return capacity_; }
    bool empty() const { return !size_; }

    // A Result keeps its error in place of the elements (result.h): an odd address, which none has.
    [[gnu::always_inline]] bool is_lent() const { return reinterpret_cast<uintptr_t>(data_) & 1; }
    [[gnu::always_inline]] void* lent_to() const { return static_cast<char*>(data_) - 1; }
    [[gnu::always_inline]] void lend(void* to) { data_ = static_cast<char*>(to) + 1; }
    [[gnu::always_inline]] void end_loan() { data_ = nullptr; }

protected:
    // Room for `count` elements in all.
    void hold(size_t count, size_t width);
    // Room for one more at the end, which counts already.
    void* extend(size_t width);
    // Moves the elements from `at` on up by `count`, and counts those; returns the gap.
    void* part(size_t at, size_t count, size_t width);
    // Moves what is behind over the `count` elements from `at` on, which are destroyed already.
    void join(size_t at, size_t count, size_t width);
    void append_bytes(const void* elements, size_t count, size_t width);
    static void drop(void* data);  // gives the memory back; the elements are destroyed already
    [[gnu::always_inline]] void take(VectorBase& other)
    {
        data_ = other.data_;
        extent_ = other.extent_;
        other.data_ = nullptr;
        other.extent_ = 0;
    }

    void* data_ = nullptr;
    union {
        uint64_t extent_ = 0;  // both, as in String
        struct {
            uint32_t size_;
            uint32_t capacity_;
        };
    };
};

template <class T>
class [[clang::trivial_abi]] Vector : public VectorBase {
    static constexpr bool kBytes = std::is_trivially_copyable_v<T>;
    static constexpr bool kInRegisters = __is_trivially_relocatable(T) && sizeof(T) <= 16;

public:
    using value_type = T;
    using size_type = size_t;
    using reference = T&;
    using const_reference = const T&;
    using iterator = T*;
    using const_iterator = const T*;

    [[gnu::always_inline]] constexpr Vector() {}
    explicit Vector(size_t count) { resize(count); }
    Vector(size_t count, const T& value) { assign(count, value); }
    Vector(std::initializer_list<T> list) { append(list.begin(), list.size()); }
    template <std::input_iterator I>
    Vector(I first, I last)
    {
        for (; first != last; ++first)
            emplace_back(*first);
    }
    Vector(const T* first, const T* last) { append(first, static_cast<size_t>(last - first)); }
    Vector(const Vector& other) { append(other.data(), other.size()); }
    [[gnu::always_inline]] Vector(Vector&& other) noexcept { take(other); }
    [[gnu::always_inline]] Vector& operator=(Vector&& other) noexcept
    {
        Vector old(std::move(*this));
        take(other);
        return *this;
    }
    Vector& operator=(const Vector& other) { return *this = Vector(other); }
    [[gnu::always_inline]] ~Vector()
    {
        if (!__builtin_constant_p(data_ == nullptr) || data_)  // nothing for one just moved from
            destroy(data(), size_);
    }

    T* data() { return static_cast<T*>(data_); }
    const T* data() const { return static_cast<const T*>(data_); }
    T* begin() { return data(); }
    T* end() { return data() + size_; }
    const T* begin() const { return data(); }
    const T* end() const { return data() + size_; }
    auto rbegin() { return std::reverse_iterator(end()); }
    auto rend() { return std::reverse_iterator(begin()); }
    auto rbegin() const { return std::reverse_iterator(end()); }
    auto rend() const { return std::reverse_iterator(begin()); }
    T& operator[](size_t at) { return data()[at]; }
    const T& operator[](size_t at) const { return data()[at]; }
    T& front() { return data()[0]; }
    const T& front() const { return data()[0]; }
    T& back() { return data()[size_ - 1]; }
    const T& back() const { return data()[size_ - 1]; }

    void reserve(size_t count) { hold(count, sizeof(T)); }
    [[gnu::always_inline]] void push_back(const T& value)
    {
        if constexpr (kBytes)
            append_bytes(&value, 1, sizeof(T));
        else
            push_back(T(value));  // `value` may be one of ours
    }
    [[gnu::always_inline]] void push_back(T&& value)
    {
        if constexpr (kBytes)
            append_bytes(&value, 1, sizeof(T));
        else if constexpr (kInRegisters)
            push(std::move(value));
        else
            push_moved(value);
    }
    template <class... Args>
    T& emplace_back(Args&&... args)
    {
        return *new (extend(sizeof(T))) T(std::forward<Args>(args)...);
    }
    void pop_back()
    {
        back().~T();
        size_--;
    }
    // Copies `count` elements to the end; they are none of ours.
    void append(const T* elements, size_t count)
    {
        if constexpr (kBytes) {
            append_bytes(elements, count, sizeof(T));
        } else {
            hold(size_ + count, sizeof(T));
            for (size_t i = 0; i < count; i++)
                new (extend(sizeof(T))) T(elements[i]);
        }
    }
    void resize(size_t count)
    {
        while (size_ > count)
            pop_back();
        hold(count, sizeof(T));
        if constexpr (std::is_trivially_default_constructible_v<T> && kBytes) {
            if (count > size_)
                memset(static_cast<void*>(end()), 0, (count - size_) * sizeof(T));
            size_ = static_cast<uint32_t>(count);
        } else {
            while (size_ < count)
                new (extend(sizeof(T))) T();
        }
    }
    void assign(size_t count, const T& value)
    {
        clear();
        hold(count, sizeof(T));
        while (size_ < count)
            new (extend(sizeof(T))) T(value);
    }
    template <std::input_iterator I>
    void assign(I first, I last)
    {
        *this = Vector(first, last);
    }
    T* insert(const T* at, T value)
    {
        return new (part(static_cast<size_t>(at - data()), 1, sizeof(T))) T(std::move(value));
    }
    void insert(const T* at, const T* first, const T* last) requires kBytes
    {
        size_t count = static_cast<size_t>(last - first);
        void* gap = part(static_cast<size_t>(at - data()), count, sizeof(T));
        if (count)
            memcpy(gap, first, count * sizeof(T));
    }
    template <std::input_iterator I>
    void insert(const T* at, I first, I last)
    {
        size_t place = static_cast<size_t>(at - data());
        for (; first != last; ++first)
            insert(data() + place++, T(*first));
    }
    T* erase(const T* first, const T* last)
    {
        size_t at = static_cast<size_t>(first - data());
        for (const T* each = first; each != last; each++)
            each->~T();
        join(at, static_cast<size_t>(last - first), sizeof(T));
        return data() + at;
    }
    T* erase(const T* at) { return erase(at, at + 1); }
    void clear()
    {
        destroy_elements(data(), size_);
        size_ = 0;
    }

    friend bool operator==(const Vector& a, const Vector& b)
    {
        if (a.size() != b.size())
            return false;
        for (size_t i = 0; i < a.size(); i++)
            if (!(a[i] == b[i]))
                return false;
        return true;
    }

private:
    static void destroy_elements(T* elements, size_t count)
    {
        if constexpr (!std::is_trivially_destructible_v<T>)
            for (size_t i = 0; i < count; i++)
                elements[i].~T();
    }
    [[gnu::noinline]] void push(T value) { new (extend(sizeof(T))) T(std::move(value)); }
    [[gnu::noinline]] void push_moved(T& value) { new (extend(sizeof(T))) T(std::move(value)); }
    // By value: the Vector itself is never passed by address, and can stay in registers.
    [[gnu::always_inline]] static void destroy(T* elements, size_t count)
    {
        if constexpr (std::is_trivially_destructible_v<T>)
            drop(elements);
        else
            destroy_all(elements, count);
    }
    [[gnu::noinline]] static void destroy_all(T* elements, size_t count)
    {
        destroy_elements(elements, count);
        drop(elements);
    }
};

// Takes out the elements for which `test` holds.
template <class T, class Test>
void erase_if(Vector<T>& vector, Test test)
{
    for (T* each = vector.begin(); each != vector.end();)
        if (test(*each))
            each = vector.erase(each);
        else
            each++;
}

}  // namespace kist
