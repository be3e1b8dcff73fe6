declare module "seek-bzip" {
  const Bunzip: {
    decode(input: Buffer, output: { writeByte(byte: number): void }, multistream: boolean): void;
  };
  export default Bunzip;
}
