internal import Policy
internal import Reachability

/// A picture as DOT (the language of Graphviz) and as Mermaid.
struct PictureText {
  let picture: Picture
  let policy: Policy

  static func services(_ arrow: Picture.Arrow, _ policy: Policy) -> [String] {
    Set(arrow.flows.flatMap { policy[$0].services }).sorted().map { policy[$0].name }
  }

  var dot: String {
    var out = """
      digraph sekisho {
        rankdir=LR; newrank=true; fontname="sans-serif"; compound=true;
        node [shape=box, style="rounded,filled", fillcolor=white, fontname="sans-serif"];
        edge [fontname="sans-serif", fontsize=10, color="#555555"];

      """
    for (number, zone) in zones.enumerated() {
      out += "  subgraph cluster_\(number) {\n"
      out += "    label=\(Self.quoted(zone.name)); style=\"rounded,filled\"; color=\"#bbbbbb\"; "
      out += "fillcolor=\"\(zone.isCrown ? "#fff3d6" : "#f5f5f5")\";\n"
      for index in zone.boxes { out += "    \(node(index))\n" }
      out += "  }\n"
    }
    for index in picture.boxes.indices where picture.boxes[index].zone == nil { out += "  \(node(index))\n" }
    for arrow in picture.arrows {
      out += "  n\(arrow.from) -> n\(arrow.to) [label=\(Self.quoted(label(arrow))), "
      out += "tooltip=\(Self.quoted(arrow.flows.map { policy[$0].name }.joined(separator: ", ")))];\n"
    }
    return out + "}\n"
  }

  var mermaid: String {
    var out = "flowchart LR\n"
    for (number, zone) in zones.enumerated() {
      out += "  subgraph z\(number)[\"\(zone.name)\"]\n"
      for index in zone.boxes { out += "    \(shape(index))\n" }
      out += "  end\n"
    }
    for index in picture.boxes.indices where picture.boxes[index].zone == nil { out += "  \(shape(index))\n" }
    for arrow in picture.arrows { out += "  n\(arrow.from) -->|\"\(label(arrow))\"| n\(arrow.to)\n" }
    let crowns = picture.boxes.indices.filter { picture.boxes[$0].isCrown }.map { "n\($0)" }
    if !crowns.isEmpty {
      out += "  classDef crown fill:#ffd98a,stroke:#b8860b\n  class \(crowns.joined(separator: ",")) crown\n"
    }
    return out
  }

  /// Zones that hold boxes.
  private var zones: [(name: String, isCrown: Bool, boxes: [Int])] {
    policy.zones.compactMap { zone in
      let boxes = picture.boxes.indices.filter { picture.boxes[$0].zone == zone.name }
      return boxes.isEmpty ? nil : (zone.name, zone.crown, boxes)
    }
  }

  private func node(_ index: Int) -> String {
    let box = picture.boxes[index]
    var attributes = "label=\(Self.quoted(name(box)))"
    switch box.kind {
    case .hosts: if box.isCrown { attributes += ", fillcolor=\"#ffd98a\", penwidth=2" }
    case .selection: attributes += ", style=\"rounded,dashed\""
    case .network: attributes += ", shape=ellipse, style=filled, fillcolor=\"#dbe9f6\""
    }
    return "n\(index) [\(attributes)];"
  }

  private func shape(_ index: Int) -> String {
    let box = picture.boxes[index]
    return switch box.kind {
    case .hosts: "n\(index)[\"\(name(box))\"]"
    case .selection: "n\(index)[[\"\(name(box))\"]]"
    case .network: "n\(index)([\"\(name(box))\"])"
    }
  }

  private func name(_ box: Picture.Box) -> String { box.count > 1 ? "\(box.name) (\(box.count))" : box.name }

  private func label(_ arrow: Picture.Arrow) -> String {
    let services = Self.services(arrow, policy)
    let rest = services.count > 4 ? ", …" : ""
    return services.prefix(4).joined(separator: ", ") + rest
  }

  /// Names of an inventory need no escapes; quotes are escaped all the same.
  private static func quoted(_ text: String) -> String {
    "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
  }
}
