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

  /// What docker, podman, CNI plugins and libvirt call their bridges.
  public static let usualBridges = ["br-*", "cni*", "docker0", "podman*", "virbr*"]

  /// Whether every link that a name stands for is one of those that another one stands for.
  public static func covers(_ name: String, _ other: String) -> Bool {
    name == other || name.hasSuffix("*") && other.hasPrefix(name.dropLast())
  }
}
