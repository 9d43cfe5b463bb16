/// How a host treats what its containers publish, and what they ask for themselves.
public struct Containers: Hashable, Sendable {
  /// Names of the bridges that containers are attached to; one that ends in `*` stands for every name that begins so.
  /// Not empty, ascending, and none within another.
  public let bridges: [String]
  /// Whether the containers' own ways out are judged as the host's egress; else they are left alone.
  public let judgesEgress: Bool

  public init(bridges: [String], judgesEgress: Bool) {
    self.bridges = bridges
    self.judgesEgress = judgesEgress
  }

  /// What docker, podman, CNI plugins, nerdctl and libvirt call their bridges.
  public static let usualBridges = [
    "br-*", "cni*", "docker0", "docker_gwbridge", "nerdctl*", "podman*", "virbr*",
  ]

  /// Whether a link of that name is a bridge that an engine has made: one of ``usualBridges``, and behind `br-` the twelve
  /// digits of a network of docker's. Others that begin so, such as `br-lan`, are a person's.
  public static func isEngines(_ name: String) -> Bool {
    guard usualBridges.contains(where: { covers($0, name) }) else { return false }
    let digits = name.dropFirst(3)
    return !name.hasPrefix("br-") || digits.count == 12 && digits.allSatisfy(\.isHexDigit)
  }

  /// Whether every link that a name stands for is one of those that another one stands for.
  public static func covers(_ name: String, _ other: String) -> Bool {
    name == other || name.hasSuffix("*") && other.hasPrefix(name.dropLast())
  }
}
