internal import Addressing
internal import Glibc
internal import Policy

/// The machine the command runs on.
enum ThisMachine {
  /// The hosts of a policy that have an address of this machine; more than one is possible where addresses
  /// of several hosts were gathered on one machine.
  static func hosts(in policy: Policy) -> [HostID] {
    let own = Set(addresses())
    return policy.hosts.indices.filter { !own.isDisjoint(with: policy.hosts[$0].addresses) }.map {
      HostID($0)
    }
  }

  /// The addresses of all interfaces of this network namespace (getifaddrs(3)).
  static func addresses() -> [Address] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&list) == 0 else { return [] }
    defer { unsafe freeifaddrs(list) }
    var result: [Address] = []
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
      if let value = Address(networkBytes: bytes) { result.append(value) }
    }
    return result
  }
}
