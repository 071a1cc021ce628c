// channel.cpp - bytes handed from one thread to another.

#include "image/channel.h"

#include <algorithm>
#include <cstring>

namespace kist::image {

Channel::Channel() : memory_(new char[kBlocks * kBlockSize]) {}

void Channel::publish()
{
    std::lock_guard guard(mutex_);
    lengths_[written_ % kBlocks] = filled_;
    written_++;
    filled_ = 0;
    changed_.notify_one();
}

Result<void> Channel::put(std::string_view bytes)
{
    while (!bytes.empty()) {
        if (filled_ == 0) {
            std::unique_lock guard(mutex_);
            while (written_ - read_ == kBlocks && !abandoned_)
                changed_.wait(guard);
            if (abandoned_)
                return Error(ECANCELED, "cancelled");
        }
        // The block at written_ is this thread's alone until it is published, and so is written_.
        size_t part = std::min(bytes.size(), kBlockSize - filled_);
        std::memcpy(block(written_) + filled_, bytes.data(), part);
        bytes.remove_prefix(part);
        filled_ += part;
        if (filled_ == kBlockSize)
            publish();
    }
    return {};
}

void Channel::close(Result<void> outcome)
{
    if (filled_ > 0 && outcome)
        publish();
    std::lock_guard guard(mutex_);
    closed_ = true;
    if (!outcome)
        error_ = std::move(outcome).error();
    changed_.notify_one();
}

Result<std::string_view> Channel::next()
{
    std::unique_lock guard(mutex_);
    if (holds_) {
        holds_ = false;
        read_++;
        changed_.notify_one();
    }
    while (written_ == read_ && !closed_)
        changed_.wait(guard);
    if (error_)
        return *error_;
    if (written_ == read_)
        return std::string_view();
    holds_ = true;
    return std::string_view(block(read_), lengths_[read_ % kBlocks]);
}

void Channel::abandon()
{
    std::lock_guard guard(mutex_);
    abandoned_ = true;
    changed_.notify_one();
}

}  // namespace kist::image
