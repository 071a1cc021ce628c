// carried.h - types that a growing std::vector carries to its new memory as bytes.
//
// libc++ does so with std::string, std::vector, std::optional and std::unique_ptr, but a struct of
// them it moves and destroys one by one: some hundred bytes of code for each type.  A struct of the
// program says that it may be carried too:
//
//     struct Header {
//         using Growth = CarriedAsBytes<Header>;
//         std::string name, value;
//
// Its members must all be such types, numbers, or pointers.  What knows its own address is none:
// std::function, std::list, std::mutex.  (P1144 calls this "trivially relocatable"; other libraries
// than the one of toolchains/sysroot.sh ignore it.)

#pragma once

#include <type_traits>
#include <vector>

namespace kist {

template <class T>
struct CarriedAsBytes;

}  // namespace kist

#ifdef _LIBCPP_VERSION
_LIBCPP_BEGIN_NAMESPACE_STD

template <class T>
struct __libcpp_is_trivially_relocatable<
    T, __enable_if_t<is_same<typename T::Growth, kist::CarriedAsBytes<T>>::value>> : true_type {
};

_LIBCPP_END_NAMESPACE_STD
#endif
