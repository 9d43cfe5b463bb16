internal import Addressing
internal import Inventory
package import InventoryText
internal import Machine
internal import SystemPackage

/// Writes an inventory to begin with, about the machine that this is.
package enum BeginningInventory {
  /// Writes it; what is there is left alone.
  ///
  /// - Parameter path: a directory that is made when it is missing, and holds nothing but hidden files: what lies below it is
  ///   read as one inventory.
  /// - Throws: ``Taken``, ``Unreachable``, or a failure of the machine.
  package static func write(to path: String) throws -> FirstInventory {
    let first = FirstInventory(try machine())
    do throws(SystemFailure) {
      try Files.makeDirectory(path, .everybodyEnters)
    } catch {
      if error.errno != .fileExists { throw error }
    }
    let directory = try Directory(opening: path)
    if let name = try directory.entries().keys.filter({ !$0.hasPrefix(".") }).min() {
      throw Taken(path: path, file: name)
    }
    let schema = FirstInventory.File(
      name: FirstInventory.schemaFile, text: InventorySchema.text(version: versionText))
    let files = first.files + [schema]
    for (count, file) in files.enumerated() {
      do throws(SystemFailure) { try directory.create(file.name, Array(file.text.utf8)) } catch {
        if error.errno == .fileExists, file == schema { break }
        // A part of it would be an inventory with mistakes, and in the way of the next attempt. The one that failed may be there
        // in part, unless somebody else has made it meanwhile.
        let own = files.prefix(error.errno == .fileExists ? count : count + 1)
        for file in own { try? directory.remove(file.name) }
        throw error
      }
    }
    return first
  }

  /// The directory holds something already.
  package struct Taken: Error {
    package let path: String
    package let file: String
  }

  /// The machine has no address by which others could reach it.
  package struct Unreachable: Error {}

  /// Links behind which there are containers or virtual machines, as docker, podman, libvirt and others name them.
  private static let bridges = ["docker", "br-", "veth", "podman", "cni", "nerdctl", "virbr", "lxc", "vnet"]

  private static func machine() throws -> FirstInventory.Machine {
    func isBridge(_ link: String) -> Bool { bridges.contains { link.hasPrefix($0) } }
    let passing = passingAddresses()
    let addresses = try Interfaces.addresses { $0 != "lo" && !isBridge($0) }
      .filter { isReachable($0) && !passing.contains($0) }
    guard !addresses.isEmpty else { throw Unreachable() }
    let own = Set(try Interfaces.addresses())
    let inside = Set(try Interfaces.addresses(of: isBridge)).filter(isReachable)
    func isPeer(_ address: Address) -> Bool { isReachable(address) && !own.contains(address) }
    let login = Caller.origin.flatMap(address(of:))
    return FirstInventory.Machine(
      node: try SystemName.current().node, addresses: addresses, hasLeases: hasLeases(),
      hasContainers: !inside.isEmpty, resolvers: resolvers().filter(isPeer),
      login: login.flatMap { isPeer($0) ? $0 : nil },
      sshPort: Caller.connection.dropFirst(3).first.flatMap { UInt16($0) }.flatMap { $0 > 0 ? $0 : nil }
        ?? 22,
      user: Caller.invoker ?? Caller.user)
  }

  /// To a socket of both families every peer has an address of IPv6 (RFC 3493, 3.7); packets have the IPv4 one.
  private static func address(of text: String) -> Address? {
    guard let address = try? Address(parsing: text) else { return nil }
    return address.ipv4Mapped ?? address
  }

  private static func isReachable(_ address: Address) -> Bool {
    let unreachable: [Prefix] = [
      .ipv4Loopback, .ipv6Loopback, .ipv4LinkLocal, .ipv6LinkLocal, .ipv4Multicast, .ipv6Multicast,
    ]
    return !unreachable.contains { $0.contains(address) }
  }

  /// Addresses of IPv6 that the machine gives up again: temporary and deprecated ones, and those not yet its own.
  /// A line of /proc/net/if_inet6 is `address index length scope flags link` (net/ipv6/addrconf.c, `if6_seq_show`);
  /// flags as in linux/if_addr.h.
  private static func passingAddresses() -> Set<Address> {
    let lines = (Files.text("/proc/self/net/if_inet6") ?? "").split(separator: "\n")
    return Set(
      lines.compactMap { line in
        let words = line.split(separator: " ")
        guard words.count == 6, let bits = UInt128(words[0], radix: 16),
          let flags = UInt32(words[4], radix: 16)
        else { return nil }
        return flags & 0x61 != 0 ? Address(.ipv6, bits) : nil
      })
  }

  /// Whether something listens where DHCP's answers arrive (udp/68, udp/546), as its clients do while they hold a lease.
  /// The second word of a line of /proc/net/udp is `ADDRESS:PORT`, in hexadecimal.
  private static func hasLeases() -> Bool {
    for (table, port) in [("udp", ":0044"), ("udp6", ":0222")] {
      for line in (Files.text("/proc/self/net/\(table)") ?? "").split(separator: "\n") {
        let words = line.split(separator: " ")
        if words.count > 1, words[1].hasSuffix(port) { return true }
      }
    }
    return false
  }

  /// The servers that resolv.conf(5) names; where those are this machine, as with systemd-resolved(8), the ones that that asks.
  private static func resolvers() -> [Address] {
    for path in ["/run/systemd/resolve/resolv.conf", "/etc/resolv.conf"] {
      guard let bytes = try? Files.read(path, atMost: 1 << 16) else { continue }
      let servers = String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap {
        line -> Address? in
        let words = line.split(whereSeparator: \.isWhitespace)
        return words.count > 1 && words[0] == "nameserver" ? address(of: String(words[1])) : nil
      }
      if !servers.isEmpty { return servers }
    }
    return []
  }
}
