#include "base/vector.h"

#include <algorithm>
#include <cstdlib>

#include "base/result.h"

namespace kist {

namespace {

constexpr size_t kMost = INT32_MAX;

// What to hold when `needed` do not fit: so much more that growing stays rare.
size_t room_for(size_t needed, size_t capacity)
{
    return std::max(needed, std::min(capacity * 2, kMost));
}

}  // namespace

void VectorBase::hold(size_t count, size_t width)
{
    if (count <= capacity_)
        return;
    if (count > kMost)
        abort();
    size_t bytes = count * width;
    void* memory = ::operator new(bytes);
    if (size_)
        memcpy(memory, data_, size_ * width);
    ::operator delete(data_);
    data_ = memory;
    capacity_ = static_cast<uint32_t>(count);
}

void* VectorBase::part(size_t at, size_t count, size_t width)
{
    size_t needed = size_ + count;
    if (needed > capacity_)
        hold(room_for(needed, capacity_), width);
    char* gap = static_cast<char*>(data_) + at * width;
    if (size_ > at)
        memmove(gap + count * width, gap, (size_ - at) * width);
    size_ = static_cast<uint32_t>(needed);
    return gap;
}

void* VectorBase::extend(size_t width)
{
    return part(size_, 1, width);
}

void VectorBase::join(size_t at, size_t count, size_t width)
{
    char* gap = static_cast<char*>(data_) + at * width;
    size_ -= static_cast<uint32_t>(count);
    if (count && size_ > at)
        memmove(gap, gap + count * width, (size_ - at) * width);
}

void VectorBase::append_bytes(const void* elements, size_t count, size_t width)
{
    if (!count)
        return;
    void* old = nullptr;
    if (size_ + count > capacity_) {  // `elements` may be ours: the old memory stays until then
        VectorBase bigger;
        bigger.hold(room_for(size_ + count, capacity_), width);
        if (size_)
            memcpy(bigger.data_, data_, size_ * width);
        old = data_;
        data_ = bigger.data_;
        capacity_ = bigger.capacity_;
    }
    memcpy(static_cast<char*>(data_) + size_ * width, elements, count * width);
    size_ += static_cast<uint32_t>(count);
    ::operator delete(old);
}

void VectorBase::drop(void* data)
{
    if (reinterpret_cast<uintptr_t>(data) & 1)
        Error::drop(static_cast<char*>(data) - 1);
    else
        ::operator delete(data);
}

}  // namespace kist
