// file_stream.cpp - an open file as a stream.

#include "base/file_stream.h"

#include "base/sys.h"

namespace kist {

Result<std::string_view> FileReader::next()
{
    constexpr size_t kPiece = 128 << 10;
    buffer_.resize(kPiece);
    size_t got = TRY(sys::read(file_, buffer_.data(), buffer_.size()));
    return std::string_view(buffer_.data(), got);
}

Result<void> FileWriter::write(std::string_view bytes)
{
    TRY(sys::write_all(file_, bytes));
    written_ += bytes.size();
    return {};
}

}  // namespace kist
