public import Addressing
internal import Glibc

/// The machine this process runs on, as its network namespace shows it.
public enum MachineAddresses {
  /// The addresses of all interfaces, in order (getifaddrs(3)).
  public static func all() -> [Address] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&list) == 0 else { return [] }
    defer { unsafe freeifaddrs(list) }
    var result: Set<Address> = []
    var entry = unsafe list
    while let here = unsafe entry {
      unsafe entry = here.pointee.ifa_next
      guard let address = unsafe here.pointee.ifa_addr else { continue }
      // Where the address begins within sockaddr_in and sockaddr_in6.
      let (offset, count): (Int, Int)
      switch Int32(unsafe address.pointee.sa_family) {
      case AF_INET: (offset, count) = (4, 4)
      case AF_INET6: (offset, count) = (8, 16)
      default: continue
      }
      let bytes = unsafe Array(UnsafeRawBufferPointer(start: address, count: offset + count)[offset...])
      if let value = Address(networkBytes: bytes) { result.insert(value) }
    }
    return result.sorted()
  }
}
