// file_stream.cpp - an open file as a stream.

#include "base/file_stream.h"

#include <algorithm>

#include "base/sys.h"

namespace kist {

namespace {

constexpr size_t kPiece = 128 << 10;

bool is_regular(const Fd& file)
{
    auto status = sys::stat(file);
    return status && S_ISREG((*status).st_mode);
}

}  // namespace

FileReader::FileReader(const Fd& file) : file_(file), seekable_(is_regular(file)) {}

Result<std::string_view> FileReader::next()
{
    buffer_.resize(kPiece);
    size_t got = TRY(sys::read(file_, buffer_.data(), buffer_.size()));
    return std::string_view(buffer_.data(), got);
}

Result<uint64_t> FileReader::skip_over(uint64_t most)
{
    if (!seekable_ || most < kPiece)  // so little is read faster than sought
        return uint64_t(0);
    off_t at = ::lseek(file_.get(), 0, SEEK_CUR);
    if (at < 0)
        return os_error("lseek");
    struct stat status = TRY(sys::stat(file_));
    uint64_t behind = status.st_size > at ? uint64_t(status.st_size - at) : 0;
    uint64_t skipped = std::min(most, behind);
    if (::lseek(file_.get(), off_t(skipped), SEEK_CUR) < 0)
        return os_error("lseek");
    return skipped;
}

Result<void> FileWriter::write(std::string_view bytes)
{
    TRY(sys::write_all(file_, bytes));
    written_ += bytes.size();
    return {};
}

}  // namespace kist
