internal import Policy
internal import Reachability

/// A picture as DOT (the language of Graphviz) and as Mermaid.
struct PictureText {
  let picture: Picture
  let policy: Policy
  /// What the picture is of.
  let title: String
  let hasLegend: Bool

  static func services(_ arrow: Picture.Arrow, _ policy: Policy) -> [String] {
    Set(arrow.flows.flatMap { policy[$0].services }).sorted().map { policy[$0].name }
  }

  var dot: String {
    var out = """
      digraph sekisho {
        label=\(Self.quoted(title)); labelloc=t; fontsize=18;
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
    if hasLegend { out += legend }
    return out + "}\n"
  }

  /// What boxes and arrows mean, of what is in the picture.
  private var legend: String {
    let kinds = Set(picture.boxes.map(\.kind))
    var boxes: [(words: String, attributes: String)] = []
    if kinds.contains(.hosts) { boxes.append(("hosts with the same role", "")) }
    if picture.boxes.contains(where: \.isCrown) {
      boxes.append(("a crown jewel", ", \(Self.crown)"))
    }
    if kinds.contains(.selection) { boxes.append(("several of them, and who", ", \(Self.selection)")) }
    if kinds.contains(.network) { boxes.append(("outside the inventory", ", \(Self.network)")) }
    var out = "  subgraph cluster_legend {\n"
    out += "    label=\"an arrow: may ask, by these services\"; fontsize=10; color=\"#bbbbbb\";\n"
    for (number, box) in boxes.enumerated() {
      out += "    l\(number) [label=\(Self.quoted(box.words)), fontsize=10\(box.attributes)];\n"
    }
    return out + "  }\n"
  }

  private static let crown = "fillcolor=\"#ffd98a\", penwidth=2"
  private static let selection = "style=\"rounded,dashed\""
  private static let network = "shape=ellipse, style=filled, fillcolor=\"#dbe9f6\""

  var mermaid: String {
    var out = "---\ntitle: \(Self.quoted(title))\n---\nflowchart LR\n"
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
    var attributes = "label=\(Self.quoted(name(box, lineBreak: "\n")))"
    switch box.kind {
    case .hosts: if box.isCrown { attributes += ", \(Self.crown)" }
    case .selection: attributes += ", \(Self.selection)"
    case .network: attributes += ", \(Self.network)"
    }
    return "n\(index) [\(attributes)];"
  }

  private func shape(_ index: Int) -> String {
    let box = picture.boxes[index]
    return switch box.kind {
    case .hosts: "n\(index)[\"\(name(box, lineBreak: "<br>"))\"]"
    case .selection: "n\(index)[[\"\(name(box, lineBreak: "<br>"))\"]]"
    case .network: "n\(index)([\"\(name(box, lineBreak: "<br>"))\"])"
    }
  }

  private func name(_ box: Picture.Box, lineBreak: String) -> String {
    let name = box.count > 1 ? "\(box.name) (\(box.count))" : box.name
    if box.members.isEmpty { return name }
    let shown = box.members.prefix(Self.mostMembers).joined(separator: lineBreak)
    let rest = box.members.count - Self.mostMembers
    return "\(name)\(lineBreak)\(shown)" + (rest > 0 ? "\(lineBreak)and \(rest) more" : "")
  }

  private static let mostMembers = 8

  private func label(_ arrow: Picture.Arrow) -> String {
    let services = Self.services(arrow, policy)
    let rest = services.count > 4 ? ", …" : ""
    return services.prefix(4).joined(separator: ", ") + rest
  }

  /// Names of an inventory need no escapes; quotes are escaped all the same.
  static func quoted(_ text: String) -> String {
    "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n"))\""
  }

  /// Text within quotes of Mermaid, which writes those as an entity.
  static func mermaid(_ text: String) -> String { text.replacing("\"", with: "#quot;") }
}
