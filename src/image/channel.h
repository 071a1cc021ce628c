// channel.h - bytes handed from one thread to another through a few blocks of memory.
//
// One thread puts, one reads.  Neither waits while there is room and something to read, and they
// meet once per block, not per packet.

#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "base/stream.h"

namespace kist::image {

class Channel : public Reader {
public:
    static constexpr size_t kBlockSize = 64 << 10;
    static constexpr size_t kBlocks = 6;

    Channel();

    // Waits for room.  ECANCELED: the reader has left.
    Result<void> put(std::string_view bytes);
    // Nothing follows; `outcome` is what the reader gets at the end.
    void close(Result<void> outcome);

    // Waits for a block, or for close().
    Result<std::string_view> next() override;
    // The reader will not read on.
    void abandon();

private:
    char* block(size_t number) { return memory_.get() + number % kBlocks * kBlockSize; }
    void publish();

    std::unique_ptr<char[]> memory_;
    size_t lengths_[kBlocks] = {};
    size_t filled_ = 0;  // bytes in the block being put together; the putting thread's own

    std::mutex mutex_;
    std::condition_variable changed_;
    size_t written_ = 0, read_ = 0;  // blocks, since the beginning
    bool holds_ = false;             // the reader is looking at block `read_`
    bool closed_ = false, abandoned_ = false;
    std::optional<Error> error_;
};

}  // namespace kist::image
