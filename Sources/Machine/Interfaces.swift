package import Addressing
internal import Glibc

/// The interfaces of the network namespace this process is in.
package enum Interfaces {
  /// The addresses of all of them, or of those with some names, in order (getifaddrs(3)).
  ///
  /// - Throws: ``SystemFailure``: a machine without addresses is another one than a machine of which none is known.
  package static func addresses(
    of isMeant: (String) -> Bool = { _ in true }
  ) throws(SystemFailure) -> [Address] {
    try unsafe values(of: isMeant) { unsafe $0.pointee.ifa_addr }
  }

  /// The broadcast addresses of all of them, in order (getifaddrs(3)).
  ///
  /// - Throws: ``SystemFailure``.
  package static func broadcasts() throws(SystemFailure) -> [Address] {
    // IFF_BROADCAST (netdevice(7)): elsewhere the field is the other end's address.
    try unsafe values { unsafe $0.pointee.ifa_flags & 2 != 0 ? $0.pointee.ifa_ifu.ifu_broadaddr : nil }
  }

  private static func values(
    of isMeant: (String) -> Bool = { _ in true },
    _ value: (UnsafeMutablePointer<ifaddrs>) -> UnsafeMutablePointer<sockaddr>?
  ) throws(SystemFailure) -> [Address] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&list) == 0 else {
      throw SystemFailure("cannot list addresses", "interfaces", .last)
    }
    defer { unsafe freeifaddrs(list) }
    var result: Set<Address> = []
    var entry = unsafe list
    while let here = unsafe entry {
      unsafe entry = here.pointee.ifa_next
      guard let name = unsafe here.pointee.ifa_name, isMeant(unsafe String(cString: name)) else { continue }
      guard let address = unsafe value(here) else { continue }
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

  /// The names of all of them.
  package static func names() -> [String] {
    guard let list = unsafe if_nameindex() else { return [] }
    defer { unsafe if_freenameindex(list) }
    var names: [String] = []
    var position = 0
    while unsafe list[position].if_index != 0, let text = unsafe list[position].if_name {
      names.append(unsafe String(cString: text))
      position += 1
    }
    return names
  }

  /// The index of an interface; without a name, of the first one that is not the loopback; 0: there is none.
  package static func index(named name: String?) -> UInt32 {
    if let name { return unsafe if_nametoindex(name) }
    guard let list = unsafe if_nameindex() else { return 0 }
    defer { unsafe if_freenameindex(list) }
    var position = 0
    while unsafe list[position].if_index != 0, let text = unsafe list[position].if_name {
      if unsafe String(cString: text) != "lo" { return unsafe list[position].if_index }
      position += 1
    }
    return 0
  }
}
