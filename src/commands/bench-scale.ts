import { Command } from 'commander'
export const scaleCommand = () => new Command('scale')
