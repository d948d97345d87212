// Bundles build/ (what tsc compiled) into dist/: Node, Espruino plain and minified, Moddable, and the virtual M95.
export default [];
